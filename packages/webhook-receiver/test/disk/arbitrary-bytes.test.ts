import { seededRandom } from '@holdfast/core/testing'
import type { Random } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { BufferError } from '../../src/buffer/buffer-error.ts'
import type { NewEvent } from '../../src/buffer/event-buffer.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, readEverything } from './sample-buffer.ts'
import { firstSeed, scale, scaled } from './scale.ts'

const INPUTS = scaled(400)
// Memory for a batch is as large as a batch may be, and is asked for with each opening.
const SMALL = { segmentBytes: 4096, maxBatchBytes: 4096 } as const
/** Events in the directory, numbered from 1. */
const STORED = 12
/** Seeds that found something once. */
const KEPT = [5017]

/** A directory with everything in it: two segments, a run of ids, a cursor, a parked event and a dead letter. */
async function fullDirectory(): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem, SMALL)
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  for (let number = 1; number <= STORED; number++) await buffer.append([numberedEvent(number, 500)])
  const entries = await consumer.read(lease, null, { limit: 3, maxBytes: 1e9, waitMs: 0 })
  const [first, second] = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
  if (first === undefined || second === undefined) throw new Error('There are no events.')
  await consumer.park(lease, [{ event: first, lane: 'a', redrives: 0, attempts: 0, nextAt: 0 }])
  const why = { attempts: 1, at: 1, message: 'no' }
  await consumer.deadLetter(lease, [{ event: second, lane: 'a', redrives: 0, why }])
  await buffer.close()
  return fileSystem
}

/** Anything that could be in a file: random bytes, bytes of another file, or the file with runs of it replaced. */
function anything(own: Buffer, other: Buffer, random: Random): Buffer {
  const below = (limit: number): number => Math.floor(random.next() * limit)
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)))
  switch (below(6)) {
    case 0:
      return bytes(below(3000))
    case 1:
      return Buffer.from(other)
    case 2:
      return Buffer.alloc(below(20_000))
    case 3:
      return Buffer.concat([own.subarray(0, below(own.length + 1)), bytes(below(500))])
    case 4:
      return Buffer.concat([own, own.subarray(below(own.length + 1))])
    default: {
      const changed = Buffer.from(own)
      for (let count = 1 + below(4); count > 0; count--) bytes(1 + below(16)).copy(changed, below(changed.length))
      return changed
    }
  }
}

/** What can be read, each as its number. Throws when opening or going on fails in a way that it may not. */
async function storedNumbers(fileSystem: MemoryFileSystem): Promise<number[]> {
  const buffer = memoryDiskBuffer(fileSystem, SMALL)
  try {
    await buffer.open()
  } catch (error) {
    if (isOfLaterVersion(error)) return []
    throw error
  }
  const entries = await readEverything(buffer)
  const { consumer, lease } = await consumerOf(buffer)
  await consumer.readParked(lease, 'a', { limit: 9, maxBytes: 1e9 })
  for await (const { event } of consumer.deadLetters()) numberOf(event)
  // It goes on, whatever was found.
  const [result] = await buffer.append([{ ...numberedEvent(99), id: 'fresh' }])
  if (result?.status !== 'appended') throw new Error(`A new event is ${result?.status}.`)
  await buffer.close()
  return entries.flatMap((entry) => (entry.kind === 'event' ? [numberOf(entry.event)] : []))
}

/** A format of a later version is refused; nothing else is. */
function isOfLaterVersion(error: unknown): boolean {
  const { reason, message } = error as BufferError
  return reason === 'buffer_unusable' && /later version|has format/.test(message)
}

function numberOf({ id }: NewEvent): number {
  const number = Number(/^evt_(\d+)$/.exec(id)?.[1])
  if (!(number >= 1 && number <= STORED)) throw new Error(`${id} was never stored.`)
  return number
}

describe('diskBuffer on files that hold anything', () => {
  test('opens, invents no event, and goes on', { timeout: 60_000 * scale }, async () => {
    const original = await fullDirectory()
    const paths = original.paths(DIRECTORY).filter((path) => !path.endsWith('.json'))
    for (const seed of [...KEPT, ...Array.from({ length: INPUTS }, (_, index) => firstSeed + index)]) {
      const random = seededRandom(seed)
      const pick = (): string => paths[Math.floor(random.next() * paths.length)] ?? ''
      const fileSystem = original.afterKill()
      const path = pick()
      fileSystem.replace(path, anything(original.read(path), original.read(pick()), random))
      try {
        const numbers = await storedNumbers(fileSystem)
        // Not `expect`: at a million inputs it takes as long as everything else.
        if (numbers.some((number, index) => number <= (numbers[index - 1] ?? 0)))
          throw new Error(`Out of order: ${numbers.join()}`)
      } catch (cause) {
        throw new Error(`seed ${seed}, ${path}`, { cause })
      }
    }
  })

  test('gives back bodies that look like its own files', async () => {
    const donor = await fullDirectory()
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, SMALL)
    await buffer.open()
    const events: NewEvent[] = donor
      .paths(DIRECTORY)
      .map((path, index) => ({ ...numberedEvent(index + 1), body: donor.read(path) }))
    await buffer.append(events)
    await buffer.close()
    const again = memoryDiskBuffer(fileSystem)
    expect((await again.open()).holes).toEqual([])
    const stored = await readEverything(again)
    expect(stored.map((entry) => entry.kind === 'event' && Buffer.from(entry.event.body).toString('base64'))).toEqual(
      events.map(({ body }) => Buffer.from(body).toString('base64')),
    )
    await again.close()
  })
})
