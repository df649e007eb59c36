import { AssertionError } from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fakeClock } from '@holdfast/core/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Consumer, EventBuffer, Lease, LogEntry, StoredEvent } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { bufferConformance, type BufferHarness } from '../../src/testing/index.ts'

/** What is wrong with a buffer. */
interface Flaw {
  readonly buffer?: (right: EventBuffer) => Partial<EventBuffer>
  readonly consumer?: (right: Consumer, buffer: EventBuffer) => Partial<Consumer>
  /** Whether it is only after a crash. */
  readonly afterCrash?: boolean
}

/** A buffer in memory that survives the death of its process, but for its flaw. */
function harnessOf({ buffer: ofBuffer, consumer: ofConsumer, afterCrash = false }: Flaw): BufferHarness {
  return {
    async create() {
      const clock = fakeClock()
      const right = memoryBuffer({ clock, partitions: 2 })
      const flawed: EventBuffer = {
        ...right,
        ...ofBuffer?.(right),
        async openConsumer(name, options) {
          const consumer = await (ofBuffer?.(right).openConsumer ?? right.openConsumer)(name, options)
          return { ...consumer, ...ofConsumer?.(consumer, right) }
        },
      }
      const openAgain = async (next: EventBuffer): Promise<EventBuffer> => {
        await right.close()
        await right.open()
        return next
      }
      return {
        buffer: afterCrash ? right : flawed,
        reopen: () => openAgain(afterCrash ? right : flawed),
        crash: () => openAgain(flawed),
        advance: (ms) => clock.advance(ms),
        dispose: () => right.close(),
      }
    },
  }
}

/** Each read has its events in the wrong order. */
function reversed(right: Consumer): Partial<Consumer> {
  return {
    async read(...args) {
      const entries = await right.read(...args)
      const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
      return events.map(({ position }, index) => ({ kind: 'event', event: { ...events.at(-1 - index)!, position } }))
    },
  }
}

/** Reads that leave something out. */
function without(isLost: (event: StoredEvent) => boolean): NonNullable<Flaw['consumer']> {
  return (right) => ({
    async read(lease, after, options) {
      let entries: LogEntry[]
      let from = after
      do {
        entries = await right.read(lease, from, options)
        const last = entries.at(-1)
        if (last?.kind === 'event') from = last.event.position
        const left = entries.filter((entry) => entry.kind !== 'event' || !isLost(entry.event))
        if (left.length > 0) return left
      } while (entries.length > 0)
      return []
    },
  })
}

/** A consumer sees no further than the one that has done least. */
function asFarAsAll(right: Consumer, buffer: EventBuffer): Partial<Consumer> {
  return {
    async read(...args) {
      const { consumers } = await buffer.stats()
      const isBehind = consumers.some(({ name, backlog }) => name !== right.name && backlog > 0)
      if (!isBehind) return right.read(...args)
      await nextTurn()
      return []
    },
  }
}

const flaws: readonly (readonly [flaw: string, Flaw, failing: readonly RegExp[]])[] = [
  [
    'gives the second consumer less',
    { consumer: (right) => (right.name === 'audit' ? without(({ id }) => id === 'k3_3')(right, memoryBuffer()) : {}) },
    [/^S1: a drain of every registered/],
  ],
  [
    'reads against the order',
    { consumer: reversed },
    [/^S2: the next event/, /^S2: what is behind/, /^S7: events/, /^S6: a drain/],
  ],
  [
    'reads what is parked against the order',
    { consumer: (right) => ({ readParked: async (...args) => (await right.readParked(...args)).toReversed() }) },
    [/^S2: what is behind/, /^S2: a lane/],
  ],
  [
    'does not take what is parked out of the log',
    { consumer: (right) => ({ park: (lease, events) => right.park(lease, events.slice(0, 1)) }) },
    [/^S2: what is behind/],
  ],
  [
    'gives a partition to whoever asks with what nobody has done',
    { consumer: (right) => ({ commit: (lease, { retry = [] }) => right.commit(lease, { retry }) }) },
    [/^S2: who takes over/],
  ],
  ['has consumers wait for the slowest', { consumer: asFarAsAll }, [/^S5: what a consumer/, /^S5: a drain/]],
  [
    'loses what was stored last in a crash',
    { afterCrash: true, consumer: without(({ id }) => id.startsWith('evt_7') || id === 'k4_23') },
    [/^S6: what was acknowledged/, /^S6: a drain/],
  ],
  [
    'knows no event again after a crash',
    {
      afterCrash: true,
      buffer: (right) => ({ append: (events) => right.append(events.map((event) => ({ ...event, tenant: 'new' }))) }),
    },
    [/^S6: what was acknowledged/],
  ],
  [
    'takes acks of a process that is dead',
    {
      afterCrash: true,
      consumer: (right) => {
        const newest = new Map<number, Lease>()
        return {
          async acquire(options) {
            const leases = await right.acquire(options)
            for (const lease of leases) newest.set(lease.partition, lease)
            return leases
          },
          commit: (lease, delta) => right.commit(newest.get(lease.partition) ?? lease, delta),
        }
      },
    },
    [/^S6: whatever was becoming/],
  ],
  [
    'forgets in a crash what is parked',
    { afterCrash: true, consumer: () => ({ parkedLanes: async () => [] }) },
    [/^S6: whatever was becoming/],
  ],
  [
    'forgets in a crash what is done',
    {
      afterCrash: true,
      consumer: (right) => ({ load: async (lease) => ({ ...(await right.load(lease)), lowWater: null, done: [] }) }),
    },
    [/^S6: whatever was becoming/],
  ],
  [
    'takes for done, after a crash, what was only read',
    {
      afterCrash: true,
      consumer: (right) => ({
        load: async (lease) => {
          const events = await right.read(lease, null, { limit: 40, maxBytes: 1e9, waitMs: 0 })
          const done = events.flatMap((entry) => (entry.kind === 'event' ? [entry.event.position] : []))
          return { lowWater: null, retry: [], done }
        },
      }),
    },
    [/^S6: whatever was becoming/, /^S6: a drain/],
  ],
]

const startedAt = Date.now()

describe('bufferConformance', () => {
  test('passes on a buffer without a flaw, of which a crash leaves everything', async () => {
    const harness = harnessOf({})
    for (const { title, run } of bufferConformance) if (/^S\d: /.test(title)) await run(harness)
  })

  describe('fails for a buffer that', () => {
    // Of deliveries that never come, nobody has to be convinced for long.
    beforeAll(() => {
      const begunAt = performance.now()
      vi.spyOn(performance, 'now').mockImplementation(() => begunAt + (Date.now() - startedAt) * 60)
    })
    afterAll(() => {
      vi.restoreAllMocks()
    })

    test.each(flaws)('%s', async (_, flaw, failing) => {
      const harness = harnessOf(flaw)
      for (const pattern of failing) {
        const cases = bufferConformance.filter(({ title }) => pattern.test(title))
        expect(cases).not.toEqual([])
        for (const { run } of cases) await expect(run(harness)).rejects.toThrow(AssertionError)
      }
    })
  })
})
