import { expect, test } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { Consumer } from '../../src/buffer/event-buffer.ts'
import { type DrainFixture, drainFixture, event } from './drain-fixture.ts'

const PARTITIONS = 8
const EVENTS = 4 * PARTITIONS
const LEASE_MS = 30_000
// As long as the drain waits: with this randomness three quarters of 30 s.
const LONGEST_MS = 22_500

interface Outage {
  readonly fixture: DrainFixture
  /** Waits that were told, in ms, in their order. */
  waits(): number[]
  /** Stores events and goes away. */
  begin(): Promise<void>
  end(): void
}

/** A drain of several partitions whose buffer has just gone away, with events in it. */
async function outage(): Promise<Outage> {
  let isAway = false
  const unlessAway = (): void => {
    if (isAway) throw new BufferError('buffer_failed', 'The server is away.')
  }
  const wrap = (inner: Consumer): Consumer => ({
    ...inner,
    acquire: async (options) => (unlessAway(), inner.acquire(options)),
    read: async (...args) => (unlessAway(), inner.read(...args)),
    commit: async (...args) => (unlessAway(), inner.commit(...args)),
    renew: async (...args) => (unlessAway(), inner.renew(...args)),
  })
  const fixture = await drainFixture({ handle: () => {}, concurrency: EVENTS }, [], { partitions: PARTITIONS, wrap })
  fixture.drain.start()
  await fixture.quiet()
  let stored = 0
  const begin = async (): Promise<void> => {
    isAway = true
    // What wakes the reads that wait finds a handler, and its acks cannot be written.
    await fixture.buffer.append(Array.from({ length: EVENTS }, () => event(`evt_${++stored}`, `key ${stored}`)))
    await fixture.quiet()
  }
  await begin()
  return {
    fixture,
    waits: () => fixture.heard.of('drain:failed').map(({ retryInMs }) => retryInMs),
    begin,
    end() {
      isAway = false
    },
  }
}

test('a buffer that is away is told once until it is tried again, however many partitions it has', async () => {
  const { fixture, waits } = await outage()
  expect(waits()).toEqual([187.5])
  await fixture.clock.advance(60_000)
  // Waits grow; those of leases stay below a third of the lease.
  expect(waits().slice(0, 6)).toEqual([187.5, 375, 750, 1_500, 3_000, 6_000])
  expect(waits().length).toBeLessThanOrEqual(12)
  await fixture.clock.advance(600_000)
  expect(waits().length).toBeLessThanOrEqual(12 + 600_000 / 7_500)
})

test('all go on as soon as one gets through, though others would wait for longer', async () => {
  const { fixture, end } = await outage()
  await fixture.clock.advance(300_000)
  expect(fixture.drain.snapshot()).toMatchObject({ delivered: 0, inWindow: EVENTS })
  end()
  // By then a lease was to be renewed, and acks were not to be written yet.
  await fixture.clock.advance(LEASE_MS / 4)
  expect(fixture.drain.snapshot()).toMatchObject({ state: 'idle', delivered: EVENTS })
})

test('another outage is told at once, also before the last one was to be tried again', async () => {
  const { fixture, waits, begin, end } = await outage()
  await fixture.clock.advance(60_000)
  while (waits().at(-1) !== LONGEST_MS) await fixture.clock.advance(500)
  end()
  await fixture.clock.advance(LEASE_MS / 4)
  expect(fixture.drain.snapshot()).toMatchObject({ state: 'idle' })
  const before = waits().length
  await begin()
  expect(waits().slice(before)).toEqual([187.5])
})
