import { setImmediate as nextTurn } from 'node:timers/promises'
import { type FakeClock, fakeClock } from '@holdfast/core/testing'
import { describe, expect, test, vi } from 'vitest'
import type { Consumer, Lease, StoredEvent } from '../../src/buffer/event-buffer.ts'
import type { FileSystem } from '../../src/disk/file-system.ts'
import { diskBuffer } from '../../src/disk/index.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent } from './sample-buffer.ts'

/** A file system whose thread pool misses one call: it is done when another one comes. */
class ForgetfulPool {
  readonly fileSystem: FileSystem
  /** Number of calls so far. */
  calls = 0
  /** Number of the call that is missed. */
  missed = Infinity
  #wake: () => void = () => {}

  constructor(inner: FileSystem) {
    this.fileSystem = this.#watch(inner)
  }

  #watch<Target extends object>(target: Target): Target {
    return new Proxy(target, {
      get: (_, name) => {
        const method: unknown = Reflect.get(target, name, target)
        if (typeof method !== 'function') return method
        return async (...parameters: unknown[]) => {
          await this.#turn()
          const result: unknown = await Reflect.apply(method, target, parameters)
          return name === 'open' ? this.#watch(result as object) : result
        }
      },
    })
  }

  async #turn(): Promise<void> {
    this.#wake()
    if (this.calls++ !== this.missed) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}

/** A directory with a backlog, a consumer and a parked event, whose process was killed. */
async function killedDirectory(): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem)
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  for (let number = 1; number <= 5; number++) await buffer.append([numberedEvent(number, 200)])
  const [entry] = await consumer.read(lease, null, { limit: 1, maxBytes: 1e9, waitMs: 0 })
  if (entry?.kind !== 'event') throw new Error('There is no event.')
  await consumer.park(lease, [{ event: entry.event, lane: 'a', redrives: 0, attempts: 0, nextAt: 0 }])
  return fileSystem.afterKill()
}

/** Waits for what may take some seconds of the clock, and no more. */
async function within(clock: FakeClock, work: Promise<unknown>): Promise<void> {
  let isOver = false
  work.then(
    () => (isOver = true),
    () => (isOver = true),
  )
  for (let second = 0; second < 20 && !isOver; second++) {
    await clock.advance(1_000)
    await nextTurn()
  }
  if (!isOver) throw new Error('It has not ended.')
  await work
}

/** Opens and closes a copy of the directory. */
async function openAndClose(original: MemoryFileSystem, missed: { opening?: number; closing?: number }) {
  const clock = fakeClock()
  const pool = new ForgetfulPool(original.afterKill())
  pool.missed = missed.opening ?? Infinity
  const buffer = diskBuffer({ directory: DIRECTORY, fileSystem: pool.fileSystem, clock })
  await within(clock, buffer.open())
  const calls = { opening: pool.calls, closing: 0 }
  pool.missed = missed.closing === undefined ? Infinity : pool.calls + missed.closing
  await within(clock, buffer.close())
  calls.closing = pool.calls - calls.opening
  expect(clock.pendingTimers).toBe(0)
  return calls
}

type Work = (consumer: Consumer, lease: Lease, event: StoredEvent) => Promise<unknown>

/** Does some work while the housekeeper's round is under way, which deletes what was consumed. Resolves with the number of calls of the round. */
async function duringRound(missed: number, work: Work): Promise<number> {
  const clock = fakeClock()
  const pool = new ForgetfulPool(new MemoryFileSystem())
  const options = { directory: DIRECTORY, fileSystem: pool.fileSystem, clock, segmentBytes: 1024 * 1024 }
  const buffer = diskBuffer({ ...options, retention: { minAgeMs: 0 } })
  await within(clock, buffer.open())
  const { consumer, lease } = await consumerOf(buffer)
  for (let number = 1; number <= 4; number++) await buffer.append([numberedEvent(number, 600_000)])
  const entries = await consumer.read(lease, null, { limit: 10, maxBytes: 1e9, waitMs: 0 })
  const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
  const last = events.pop()
  if (last === undefined) throw new Error('There is no event.')
  await consumer.commit(lease, { done: events.map(({ position }) => position) })
  const before = pool.calls
  pool.missed = before + missed
  await clock.advance(1_000)
  const calls = pool.calls - before
  await within(clock, work(consumer, lease, last))
  await within(clock, buffer.close())
  expect(clock.pendingTimers).toBe(0)
  return calls
}

describe('diskBuffer on a thread pool that misses a call', () => {
  test('opens and closes, whichever call it is', async () => {
    const original = await killedDirectory()
    const calls = await openAndClose(original, {})
    expect(calls.opening).toBeGreaterThan(50)
    expect(calls.closing).toBeGreaterThan(10)
    for (let call = 0; call < calls.opening; call++) await openAndClose(original, { opening: call })
    for (let call = 0; call < calls.closing; call++) await openAndClose(original, { closing: call })
  })

  test.each<[string, Work]>([
    ['commits', (consumer, lease, { position }) => consumer.commit(lease, { done: [position] })],
    [
      'parks',
      (consumer, lease, event) => consumer.park(lease, [{ event, lane: 'a', redrives: 0, attempts: 0, nextAt: 0 }]),
    ],
  ])('%s, whichever call of the housekeeper it is', async (_, work) => {
    const calls = await duringRound(Infinity, work)
    expect(calls).toBeGreaterThan(5)
    for (let call = 0; call < calls; call++) await duringRound(call, work)
  })

  test('asks once a second while it is open, not twice, for the housekeeper looks at the directory then', async () => {
    const clock = fakeClock()
    const fileSystem = new MemoryFileSystem()
    const identify = vi.spyOn(fileSystem, 'identify')
    const buffer = diskBuffer({ directory: DIRECTORY, fileSystem, clock })
    await buffer.open()
    identify.mockClear()
    await clock.advance(10_000)
    expect(identify).toHaveBeenCalledTimes(10)
    await buffer.close()
  })

  test('asks no second time while it is open before the first question is answered', async () => {
    const clock = fakeClock()
    const fileSystem = new MemoryFileSystem()
    await diskBuffer({ directory: DIRECTORY, fileSystem, clock }).open()
    const identify = vi.spyOn(fileSystem, 'identify').mockReturnValue(new Promise(() => {}))
    await clock.advance(10_000)
    expect(identify).toHaveBeenCalledTimes(1)
  })

  test('asks for nothing any more when it could not be opened', async () => {
    const clock = fakeClock()
    const fileSystem = new MemoryFileSystem()
    await fileSystem.lock(`${DIRECTORY}/LOCK.db`)
    const buffer = diskBuffer({ directory: DIRECTORY, fileSystem, clock })
    await expect(buffer.open()).rejects.toMatchObject({ reason: 'buffer_locked' })
    expect(clock.pendingTimers).toBe(0)
  })

  test('asks no second time before the first question is answered', async () => {
    const clock = fakeClock()
    const fileSystem = new MemoryFileSystem()
    let questions = 0
    const hanging: FileSystem = Object.assign(Object.create(fileSystem), {
      makeDirectory: () => new Promise(() => {}),
      list: (directory: string) => fileSystem.list(directory),
      identify: () => {
        questions++
        return new Promise(() => {})
      },
    })
    void diskBuffer({ directory: DIRECTORY, fileSystem: hanging, clock }).open()
    await clock.advance(60_000)
    expect(questions).toBe(1)
  })
})
