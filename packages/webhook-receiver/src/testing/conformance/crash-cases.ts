import assert from 'node:assert/strict'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { AppendResult, Consumer, EventBuffer, Lease, NewEvent } from '../../buffer/event-buffer.ts'
import { asideSteps, type EventIn, placesOf } from './aside-steps.ts'
import { type BufferUnderTest, type ConformanceCase, openCase } from './conformance-case.ts'
import { openWith } from './cursor-cases.ts'
import { createLedger, startDrain } from './deliveries.ts'
import { eventsOf, stoppedAfter } from './delivery-cases.ts'
import { LEASE_MS, leaseOf, readPartition, refusedWith } from './reading.ts'
import { sampleEvent } from './sample-events.ts'

// Where time cannot be moved, leases are waited for.
const SHORT_LEASE_MS = 1_000
const LOOK_EVERY_MS = 50

/** Who has every partition. */
interface Owner {
  readonly consumer: Consumer
  readonly leases: readonly Lease[]
}

/** What the death of the process leaves, whatever it was doing. */
export const crashCases: readonly ConformanceCase[] = [
  openCase(
    'S6: what was acknowledged when the process died is there, in its order, and is known again',
    async (under) => {
      let buffer = under.buffer
      const stored: NewEvent[] = []
      const acknowledged = new Map<string, AppendResult>()
      for (let round = 0; round < 8; round++) {
        const calls = callsOf(round)
        stored.push(...calls.flat())
        let isAlive = true
        const all = calls.map(async (events) => {
          const results = await buffer.append(events)
          for (const [index, { id }] of events.entries()) {
            const result = results[index]
            if (isAlive && result !== undefined) acknowledged.set(id, result)
          }
        })
        for (const call of all) call.catch(() => {})
        if (round % 2 === 0) await all[0]
        await turns(round)
        isAlive = false
        buffer = await crash(under)
      }
      for (const { id, ...again } of await appendedAgain(buffer, stored)) {
        const first = acknowledged.get(id)
        if (first !== undefined) assert.deepEqual(again, { ...first, status: 'duplicate' })
      }
      const { consumer, leases } = await takeOver(under, buffer)
      const read = (await Promise.all(leases.map((lease) => readPartition(consumer, lease)))).flat()
      assert.deepEqual(read.map(({ id }) => id).toSorted(), stored.map(({ id }) => id).toSorted())
      for (const { id, partition, position } of read) {
        const first = acknowledged.get(id)
        if (first !== undefined) assert.deepEqual([partition, position], [first.partition, first.position])
      }
    },
    'crash',
  ),

  openCase(
    'S6: whatever was becoming of an event when the process died, the event is somewhere; what was said of it before holds',
    async (under) => {
      const { consumer, lease, leases, events } = await openWith(under.buffer, 12)
      const { partition } = lease
      let owner: Owner = { consumer, leases }
      const places = events.map((): EventIn => 'log')
      for (const [index, { moves, run }] of asideSteps.entries()) {
        await letEndSoon(under, owner)
        const before = leaseOf(owner.leases, { partition })
        const underWay = run(owner.consumer, before, events)
        underWay.catch(() => {})
        await turns(index % 4)
        owner = await takeOver(under, await crash(under))
        const now = leaseOf(owner.leases, { partition })
        await refusedWith(
          'stale_lease',
          owner.consumer.commit(before, { done: events.map(({ position }) => position) }),
        )
        const found = await placesOf(owner.consumer, now, events)
        for (const [number, place] of places.entries()) {
          const to = moves[number] ?? place
          // While it moves it may be seen in both places, and never in none.
          const isRight = [place, to, `${place} ${to}`, `${to} ${place}`].includes(found[number] ?? '')
          assert.ok(isRight, `event ${number} went from ${place} to ${to}, and is in ${found[number]}`)
        }
        await run(owner.consumer, now, events)
        for (const [number, to] of Object.entries(moves)) places[Number(number)] = to
        assert.deepEqual(await placesOf(owner.consumer, now, events), places)
      }
      await letEndSoon(under, owner)
      owner = await takeOver(under, await crash(under))
      assert.deepEqual(await placesOf(owner.consumer, leaseOf(owner.leases, { partition }), events), places)
    },
    'crash',
  ),

  openCase(
    'S6: a drain that goes on after the process died delivers everything, and keeps the order of each key',
    async (under) => {
      const { events, keys, ids } = eventsOf(5, 24)
      const ledger = createLedger(keys, under.advance)
      const leaseMs = leaseMsOf(under)
      let { buffer } = under
      await buffer.append(events)
      for (let life = 0; life < 3; life++) {
        const ending = ids.slice(0, 5 + life * 10)
        // The next one of each key is at work when the process dies.
        const handle = ({ id }: { readonly id: string }): Promise<void> =>
          ledger.deliver(id, () => (ending.includes(id) ? nextTurn() : new Promise(() => {})))
        const drain = await startDrain(buffer, { owner: `life ${life}`, leaseMs, handle })
        await ledger.settled(ending)
        ledger.die()
        const crashed = crash(under)
        // It has lost its buffer, and is told so that it does not look for it for ever.
        drain.stop({ timeoutMs: 0 }).catch(() => {})
        buffer = await crashed
        await under.advance?.(leaseMs + 1)
      }
      const drain = await startDrain(buffer, { owner: 'heir', leaseMs, handle: ({ id }) => ledger.deliver(id) })
      await stoppedAfter([drain], () => ledger.settled(ids))
    },
    'crash',
  ),
]

/** Ends the buffer as the death of its process does, where the harness can. */
function crash({ crash: die, reopen }: BufferUnderTest): Promise<EventBuffer> {
  return (die ?? reopen)()
}

/** Takes every partition, when the leases of who is dead have ended. */
async function takeOver(under: BufferUnderTest, buffer: EventBuffer): Promise<Owner> {
  const consumer = await buffer.openConsumer('orders')
  await under.advance?.(LEASE_MS + 1)
  const leases = await consumer.acquire({ owner: 'heir', leaseMs: LEASE_MS })
  while (under.advance === undefined && leases.length < buffer.caps.partitions) {
    await sleep(LOOK_EVERY_MS)
    leases.push(...(await consumer.acquire({ owner: 'heir', leaseMs: LEASE_MS })))
  }
  return { consumer, leases }
}

/** Has leases end soon, where time cannot be moved: who has them is about to die. */
async function letEndSoon(under: BufferUnderTest, { consumer, leases }: Owner): Promise<void> {
  if (under.advance === undefined) await Promise.all(leases.map((lease) => consumer.renew(lease, SHORT_LEASE_MS)))
}

function leaseMsOf({ advance }: BufferUnderTest): number {
  return advance === undefined ? SHORT_LEASE_MS : LEASE_MS
}

/** What is appended at the same time: some of it of one key. */
function callsOf(round: number): NewEvent[][] {
  return Array.from({ length: 4 }, (_, call) =>
    Array.from({ length: 3 }, (__, index) =>
      sampleEvent(`evt_${round}_${call}_${index}`, call % 2 === 0 ? { key: 'one' } : {}),
    ),
  )
}

/** What a second append of these events answers, with their ids. */
async function appendedAgain(
  buffer: EventBuffer,
  events: readonly NewEvent[],
): Promise<(AppendResult & { readonly id: string })[]> {
  const results = await buffer.append(events)
  return results.map((result, index) => ({ ...result, id: events[index]?.id ?? '' }))
}

/** Lets others get on by so many turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn()
}
