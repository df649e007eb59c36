import { seededRandom } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { NewEvent } from '../../src/buffer/event-buffer.ts'
import { anything, fullDirectory, isOfLaterVersion, SMALL, STORED } from './damaged-files.ts'
import { withKept } from '../../../../test/seeds/kept-seeds.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, readEverything } from './sample-buffer.ts'
import { freshSeeds, scale, scaled } from './scale.ts'

const INPUTS = scaled(400)

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

function numberOf({ id }: NewEvent): number {
  const number = Number(/^evt_(\d+)$/.exec(id)?.[1])
  if (!(number >= 1 && number <= STORED)) throw new Error(`${id} was never stored.`)
  return number
}

describe('diskBuffer on files that hold anything', () => {
  test('opens, invents no event, and goes on', { timeout: 60_000 * scale }, async () => {
    const original = await fullDirectory()
    const paths = original.paths(DIRECTORY).filter((path) => !path.endsWith('.json'))
    for (const seed of withKept('bytes', freshSeeds(INPUTS))) {
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
