import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { EventBuffer, LogEntry, NewEvent, StoredEvent } from '../../src/buffer/event-buffer.ts'
import type { DiskBufferOptions } from '../../src/disk/disk-buffer-options.ts'
import { diskBuffer } from '../../src/disk/disk-buffer.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent } from './sample-buffer.ts'

/** What was done to the segments, other than writing. */
interface Looks {
  opens: number
  reads: number
  bytes: number
}

interface Following {
  readonly fileSystem: MemoryFileSystem
  readonly buffer: EventBuffer
  readonly looks: Looks
  /** Reads on behind what was read so far. `waits`: until something comes. */
  readonly next: (options?: {
    readonly limit?: number
    readonly maxBytes?: number
    readonly waits?: boolean
  }) => Promise<LogEntry[]>
}

/** An open buffer with a consumer that reads on and on. */
async function following(options: Partial<DiskBufferOptions> = {}): Promise<Following> {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem, { clock: fakeClock(), ...options })
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  const looks = { opens: 0, reads: 0, bytes: 0 }
  fileSystem.fault = (operation, path, from = 0, to = 0) => {
    if (!path.startsWith(`${DIRECTORY}/seg/`)) return undefined
    if (operation === 'open') looks.opens++
    if (operation === 'read') {
      looks.reads++
      looks.bytes += to - from
    }
    return undefined
  }
  let after: string | null = null
  return {
    fileSystem,
    buffer,
    looks,
    async next({ limit = 100, maxBytes = 1e9, waits = true } = {}) {
      const entries = await consumer.read(lease, after, { limit, maxBytes, waitMs: waits ? 60_000 : 0 })
      const last = entries.at(-1)
      if (last !== undefined) after = last.kind === 'event' ? last.event.position : last.hole.to
      return entries
    },
  }
}

/** Appends the events with these numbers while a read waits; resolves with what the read got. */
async function handOver({ buffer, next }: Following, numbers: readonly number[], bodyBytes = 500): Promise<number[]> {
  const reading = next()
  await turn()
  await buffer.append(numbers.map((number) => numberedEvent(number, bodyBytes)))
  return numbersOf(await reading)
}

function eventsOf(entries: readonly LogEntry[]): StoredEvent[] {
  return entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
}

function numbersOf(entries: readonly LogEntry[]): number[] {
  return eventsOf(entries).map(({ id }) => Number(id.slice('evt_'.length)))
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

/** An event with everything that an event can have. */
const whole: NewEvent = {
  id: 'evt_\ud800',
  source: 's',
  tenant: '',
  key: 'k\u0000',
  type: 'ä',
  eventId: 'e',
  receivedAt: 1_750_000_000_000.5,
  occurredAt: -1,
  batch: { id: 'b', index: 0, size: 2 },
  method: 'POST',
  url: '/?q=\u2028',
  remoteAddress: '::1',
  headers: [
    ['A', ''],
    ['a', '"'],
  ],
  body: Buffer.alloc(2000, 'text '),
}

/** Events of every kind. */
const kinds: readonly NewEvent[] = [
  whole,
  { ...numberedEvent(1), body: new Uint8Array() },
  { ...numberedEvent(2), body: new Uint8Array(new SharedArrayBuffer(4)) },
  { ...numberedEvent(3, 40_000), receivedAt: Number.NaN },
  { ...numberedEvent(4), occurredAt: -0 },
]

describe('the handover of diskBuffer', () => {
  test('gives a read that waits what is appended, without a look at the file', async () => {
    const setting = await following({ segmentBytes: 4096 })
    const { fileSystem, looks, buffer } = setting
    for (let first = 1; first < 40; first += 2)
      expect(await handOver(setting, [first, first + 1])).toEqual([first, first + 1])
    expect(looks.reads).toBe(0)
    // Those that are written, each once.
    expect(looks.opens).toBe(fileSystem.paths(`${DIRECTORY}/seg`).length)
    await buffer.close()
  })

  test('keeps nothing for a read that comes later: that one reads the file', async () => {
    const setting = await following()
    const { looks, buffer, next } = setting
    await handOver(setting, [1])
    await buffer.append([numberedEvent(2), numberedEvent(3)])
    expect(looks.reads).toBe(0)
    expect(numbersOf(await next())).toEqual([2, 3])
    expect(looks.reads).toBe(1)
    expect(await handOver(setting, [4])).toEqual([4])
    expect(looks.reads).toBe(1)
    await buffer.close()
  })

  test.each<[string, Partial<DiskBufferOptions>]>([
    ['plain', {}],
    ['compressed', { compression: 'brotli' }],
    ['encrypted', { encryption: { keyId: 'k', key: () => Buffer.alloc(32, 1) } }],
    ['synced behind', { durability: 'interval' }],
    ['in no hurry at all', { durability: 'memory' }],
  ])('gives just what is in the file: %s', async (_title, options) => {
    const { buffer, looks, next } = await following({ ...options, dedupeWindowMs: 0 })
    for (const event of kinds) {
      const reading = next()
      await turn()
      await buffer.append([event])
      const handed = eventsOf(await reading)
      expect(looks.reads).toBe(0)
      const position = handed[0]?.position ?? ''
      const before = Number.parseInt(position, 16) - 1
      const after = before === 0 ? null : before.toString(16).padStart(16, '0')
      const stored = eventsOf(await buffer.read(0, after, { limit: 9, maxBytes: 1e9 }))
      expect(handed).toStrictEqual(stored)
      expect(handed).toHaveLength(1)
      looks.reads = 0
    }
    await buffer.close()
  })

  test('ends with the limit of the read, or with the event that reaches its bytes, and the rest is read', async () => {
    const setting = await following()
    const { buffer, looks, next } = setting
    for (const [first, options, expected] of [
      [1, { limit: 2 }, [1, 2]],
      [11, { limit: 0 }, [11]],
      [21, { maxBytes: 1200 }, [21, 22]],
      [31, { maxBytes: 0 }, [31]],
    ] as const) {
      looks.reads = 0
      const reading = next(options)
      await turn()
      await buffer.append(range(first, first + 4).map((number) => numberedEvent(number, 600)))
      expect(numbersOf(await reading)).toEqual(expected)
      expect(looks.reads).toBe(0)
      expect(numbersOf(await next())).toEqual(range(first + expected.length, first + 4))
      expect(looks.reads).toBeGreaterThan(0)
    }
    await buffer.close()
  })

  test('takes up to so many bytes as the file would give', async () => {
    for (const maxBytes of range(1, 40).map((step) => step * 53)) {
      const { buffer, next } = await following()
      const reading = next({ maxBytes })
      await turn()
      await buffer.append(range(1, 8).map((number) => numberedEvent(number)))
      const handed = await reading
      expect(handed).toStrictEqual(await buffer.read(0, null, { limit: 99, maxBytes }))
      await buffer.close()
    }
  })

  test('goes on in the file that is open, near where it has to, however much was handed over', async () => {
    const setting = await following({ maxBatchBytes: 64 * 1024 })
    const { buffer, looks, next } = setting
    await buffer.append([numberedEvent(1, 4000)])
    expect(numbersOf(await next())).toEqual([1])
    for (let number = 2; number <= 600; number++) await handOver(setting, [number], 4000)
    looks.opens = 0
    looks.bytes = 0
    await buffer.append([numberedEvent(601, 4000)])
    expect(numbersOf(await next())).toEqual([601])
    expect(looks.opens).toBe(0)
    expect(looks.bytes).toBeLessThan(70 * 1024)
    await buffer.close()
  })

  test('goes on in a later segment than that which is open', async () => {
    const setting = await following({ segmentBytes: 4096 })
    const { buffer, next } = setting
    await buffer.append([numberedEvent(1, 500)])
    expect(numbersOf(await next())).toEqual([1])
    for (let number = 2; number <= 50; number++) await handOver(setting, [number])
    await buffer.append(range(51, 70).map((number) => numberedEvent(number, 500)))
    for (let from = 51; from < 70; from += 10)
      expect(numbersOf(await next({ limit: 10 }))).toEqual(range(from, from + 9))
    expect(await next({ waits: false })).toEqual([])
    expect(await handOver(setting, [71])).toEqual([71])
    await buffer.close()
  })

  test('has no segment open any more that is deleted while others are written and handed over', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const buffer = memoryDiskBuffer(fileSystem, { segmentBytes: 4096, clock })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const open = new Map<string, number>()
    fileSystem.fault = (operation, path) => {
      const change = operation === 'open' ? 1 : operation === 'close' ? -1 : 0
      // A file gets this name when it was made: these are opened for reading.
      if (path.endsWith('.log')) open.set(path, (open.get(path) ?? 0) + change)
      return undefined
    }
    const options = { limit: 9, maxBytes: 1e9, waitMs: 60_000 }
    const [first] = await buffer.append([numberedEvent(1, 500)])
    await consumer.read(lease, null, options)
    let after = first?.position ?? ''
    await consumer.commit(lease, { done: [after] })
    for (let number = 2; number <= 40; number++) {
      const reading = consumer.read(lease, after, options)
      await turn()
      await buffer.append([numberedEvent(number, 500)])
      const [event] = eventsOf(await reading)
      expect(event?.id).toBe(`evt_${number}`)
      after = event?.position ?? ''
      await consumer.commit(lease, { done: [after] })
    }
    await clock.advance(1000)
    const kept = fileSystem.paths(`${DIRECTORY}/seg`)
    expect(kept.length).toBeLessThan(3)
    expect([...open].filter(([path, count]) => count > 0 && !kept.includes(path))).toEqual([])
    await buffer.close()
    expect([...open.values()].every((count) => count === 0)).toBe(true)
  })

  test('gives each reader what is its own, whatever happens to it or to what was appended', async () => {
    const buffer = memoryDiskBuffer(new MemoryFileSystem())
    await buffer.open()
    const event = { ...numberedEvent(1, 100), headers: [['a', 'b']] as [string, string][] }
    const names = ['c', 'd', 'e']
    const readings = names.map(async (name) => {
      const { consumer, lease } = await consumerOf(buffer, name)
      return consumer.read(lease, null, { limit: 9, maxBytes: 1e9, waitMs: 60_000 })
    })
    for (let turns = 0; turns < 20; turns++) await turn()
    await buffer.append([event])
    event.body.fill(0)
    event.headers.length = 0
    for (const reading of readings) {
      const [handed] = eventsOf(await reading)
      if (handed === undefined) throw new Error('Nothing was handed over.')
      expect(handed).toMatchObject({ id: 'evt_1', headers: [['a', 'b']] })
      expect(Buffer.compare(handed.body, numberedEvent(1, 100).body)).toBe(0)
      handed.body.fill(0)
      ;(handed.headers as unknown[]).length = 0
    }
    await buffer.close()
  })

  test('comes when whoever appended the event is answered', async () => {
    const { buffer, next } = await following()
    const order: string[] = []
    const reading = next().then(() => order.push('read'))
    await turn()
    await buffer.append([numberedEvent(1)])
    // What is done with the answer without waiting for anything.
    for (let step = 0; step < 50; step++) await Promise.resolve()
    order.push('answered')
    await reading
    expect(order).toEqual(['answered', 'read'])
    await buffer.close()
  })

  test('reads the file for an event that got past the types, and fails nobody', async () => {
    const { buffer, looks, next } = await following()
    const reading = next()
    await turn()
    const odd = { ...numberedEvent(2), headers: undefined } as unknown as NewEvent
    const [appended] = await buffer.append([odd, numberedEvent(3)])
    expect(appended).toMatchObject({ status: 'appended' })
    expect(numbersOf(await reading)).toEqual([2, 3])
    expect(looks.reads).toBe(1)
    await buffer.close()
  })

  test('gives nothing of a batch that failed, and what is stored in its place after it', async () => {
    const setting = await following()
    const { fileSystem, buffer, next } = setting
    await handOver(setting, [1])
    const reading = next()
    await turn()
    const looking = fileSystem.fault
    fileSystem.fault = (operation) => (operation === 'datasync' ? 'EIO' : undefined)
    await expect(buffer.append([numberedEvent(2)])).rejects.toMatchObject({ reason: 'buffer_failed' })
    fileSystem.fault = looking
    await buffer.append([numberedEvent(3)])
    expect(numbersOf(await reading)).toEqual([3])
    await buffer.close()
  })

  test('is not for a read that was broken off, and the next one gets the event', async () => {
    const buffer = memoryDiskBuffer(new MemoryFileSystem())
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const options = { limit: 9, maxBytes: 1e9, waitMs: 60_000 }
    const [early, late] = [new AbortController(), new AbortController()]
    const outcomes = [early, late].map(({ signal }) =>
      consumer.read(lease, null, { ...options, signal }).catch((error: unknown) => error),
    )
    await turn()
    early.abort('early')
    await buffer.append([numberedEvent(1)])
    // The event is handed over by now, and not yet given.
    late.abort('late')
    expect(await Promise.all(outcomes)).toEqual(['early', 'late'])
    expect(numbersOf(await consumer.read(lease, null, options))).toEqual([1])
    await buffer.close()
  })

  test('leaves nothing behind when its time is over', async () => {
    const clock = fakeClock()
    const buffer = diskBuffer({ directory: DIRECTORY, fileSystem: new MemoryFileSystem(), clock })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const timers = clock.pendingTimers
    const reading = consumer.read(lease, null, { limit: 9, maxBytes: 1e9, waitMs: 5000 })
    await turn()
    await clock.advance(5000)
    expect(await reading).toEqual([])
    expect(clock.pendingTimers).toBe(timers)
    await buffer.close()
  })
})

/** Lets everything that is under way in memory come to its next wait. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
