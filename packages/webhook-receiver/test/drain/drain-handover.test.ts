import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { diskBuffer } from '../../src/disk/disk-buffer.ts'
import { MemoryFileSystem } from '../disk/memory-file-system.ts'
import { type DrainFixture, drainFixture, event } from './drain-fixture.ts'

interface LiveDrain {
  readonly fixture: DrainFixture
  /** Ids in the order in which they were delivered. */
  readonly delivered: readonly string[]
  /** Reads of the log so far. */
  readonly reads: () => number
  /** Lets handlers end, and those that begin then. */
  readonly open: () => void
}

/** A started drain of a disk buffer with a window of eight events, whose handlers wait for `open`. */
async function liveDrain(isOpen: boolean): Promise<LiveDrain> {
  const clock = fakeClock()
  const fileSystem = new MemoryFileSystem()
  const buffer = diskBuffer({ directory: '/data', fileSystem, clock })
  await buffer.open()
  const delivered: string[] = []
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  if (isOpen) open()
  const handle = async ({ id }: { readonly id: string }): Promise<void> => {
    delivered.push(id)
    await opened
  }
  const limits = { records: 8, span: 8, bytes: 1e9 }
  const fixture = await drainFixture({ handle, concurrency: 100 }, [], { clock, buffer, limits })
  let reads = 0
  fileSystem.fault = (operation, path) => {
    if (operation === 'read' && path.startsWith('/data/seg/')) reads++
    return undefined
  }
  fixture.drain.start()
  await turns()
  return { fixture, delivered, reads: () => reads, open }
}

describe('a drain of a disk buffer', () => {
  test('reads nothing back of what is appended while it keeps up', async () => {
    const { fixture, delivered, reads } = await liveDrain(true)
    const ids = Array.from({ length: 60 }, (_, index) => `evt_${index}`)
    for (const id of ids) {
      await fixture.buffer.append([event(id)])
      await turns()
    }
    expect(delivered).toEqual(ids)
    expect(reads()).toBe(0)
    await fixture.drain.stop({ timeoutMs: 0 })
    await fixture.buffer.close()
  })

  test('reads on in the log when its window was full, and goes on in order', async () => {
    const { fixture, delivered, reads, open } = await liveDrain(false)
    const ids = Array.from({ length: 40 }, (_, index) => `evt_${index}`)
    for (const id of ids) {
      await fixture.buffer.append([event(id)])
      await turns()
    }
    expect(delivered).toEqual(['evt_0'])
    expect(reads()).toBe(0)
    open()
    await turns()
    expect(delivered).toEqual(ids)
    const readBehind = reads()
    expect(readBehind).toBeGreaterThan(0)
    await fixture.buffer.append([event('last')])
    await turns()
    expect(delivered.at(-1)).toBe('last')
    expect(reads()).toBe(readBehind)
    await fixture.drain.stop({ timeoutMs: 0 })
    await fixture.buffer.close()
  })
})

/** Lets everything happen that needs no time. */
async function turns(): Promise<void> {
  for (let count = 0; count < 30; count++) await new Promise((resolve) => setImmediate(resolve))
}
