import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { consumerOf, memoryDiskBuffer, readEverything } from '../sample-buffer.ts'
import { fromGoldenFiles, GOLDEN_EVENTS, goldenEvent, type GoldenFiles, goldenOptions } from './golden-files.ts'

const names = readdirSync(new URL('.', import.meta.url))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length))

function golden(name: string): GoldenFiles {
  return JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8')) as GoldenFiles
}

describe('a directory of an earlier version', () => {
  test('is there for every way to store', () => {
    expect(names.toSorted()).toEqual(Object.keys(goldenOptions).toSorted())
  })

  test.each(names)('opens with everything that was in it: %s', async (name) => {
    const buffer = memoryDiskBuffer(fromGoldenFiles(golden(name)), { segmentBytes: 4096, ...goldenOptions[name] })
    expect(await buffer.open()).toMatchObject({ holes: [], lostAside: 0, tornBytes: 0 })
    const entries = await readEverything(buffer, 'another')
    const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
    expect(events).toHaveLength(GOLDEN_EVENTS)
    for (const [index, { partition, position, body, ...event }] of events.entries()) {
      const { body: expected, ...rest } = goldenEvent(index + 1)
      expect(event).toEqual(rest)
      expect(Buffer.compare(body, expected)).toBe(0)
      expect([partition, Number.parseInt(position, 16)]).toEqual([0, index + 1])
    }
    const { consumer, lease } = await consumerOf(buffer)
    expect(await consumer.load(lease)).toEqual({
      lowWater: '0000000000000002',
      done: ['0000000000000005', '0000000000000006'],
      retry: [{ position: '0000000000000004', attempts: 1, nextAt: 1_750_000_003_000 }],
    })
    expect(await consumer.readParked(lease, 'a lane', { limit: 9, maxBytes: 1e9 })).toMatchObject([
      { parked: { event: { id: 'evt_1' }, redrives: 1, attempts: 2, nextAt: 1_750_000_001_000 } },
    ])
    for await (const letter of consumer.deadLetters())
      expect(letter).toMatchObject({ event: { id: 'evt_2' }, why: { code: 'upstream_error', attempts: 3 } })
    expect((await buffer.stats()).consumers).toContainEqual({ name: 'c', backlog: 13, parked: 1, deadLetters: 1 })
    expect(await buffer.append([goldenEvent(3)])).toMatchObject([{ status: 'duplicate' }])
    expect(await buffer.append([goldenEvent(99)])).toMatchObject([{ status: 'appended', position: '0000000000000011' }])
    await buffer.close()
  })
})
