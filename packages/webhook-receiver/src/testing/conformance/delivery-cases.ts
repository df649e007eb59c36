import assert from 'node:assert/strict'
import type { EventBuffer, NewEvent } from '../../buffer/event-buffer.ts'
import type { Drain } from '../../drain/drain.ts'
import { type ConformanceCase, openCase } from './conformance-case.ts'
import { createLedger, startDrain } from './deliveries.ts'
import { idsOf, openDrained, readAll } from './reading.ts'
import { sampleEvent } from './sample-events.ts'
import { listDead } from './set-aside.ts'

const HANDLERS_END_MS = 10_000

/** What the drain engine makes of the buffer: that everything arrives, in the order of its key, and that no consumer waits for another. */
export const deliveryCases: readonly ConformanceCase[] = [
  openCase('S1: a drain of every registered consumer gets every event that was stored', async ({ buffer, advance }) => {
    const { events, keys, ids } = eventsOf(5, 20)
    const names = ['orders', 'audit']
    await buffer.append(events.slice(0, 40))
    const ledgers = names.map(() => createLedger(keys, advance))
    const drains = await Promise.all(
      names.map((name, index) => startDrain(buffer, { name, handle: ({ id }) => ledgers[index]?.deliver(id) })),
    )
    await stoppedAfter(drains, async () => {
      for (let from = 40; from < events.length; from += 20) await buffer.append(events.slice(from, from + 20))
      for (const ledger of ledgers) await ledger.settled(ids)
    })
  }),

  openCase(
    'S2: the next event of a key begins when the one before is done or given up, through repeats and parking',
    async ({ buffer, advance }) => {
      const { events, keys, ids } = eventsOf(6, 12)
      await buffer.append(events)
      const ledger = createLedger(keys, advance)
      const hopeless = ['k1_0', 'k1_7', 'k4_11']
      const attempts = new Map<string, number>()
      const work = async (id: string): Promise<void> => {
        const attempt = (attempts.get(id) ?? 0) + 1
        attempts.set(id, attempt)
        await Promise.resolve()
        if (hopeless.includes(id) || (id.startsWith('k2') && attempt < 3)) throw new Error('not now')
      }
      const drain = await startDrain(buffer, {
        maxAttempts: 3,
        handle: ({ id }) => ledger.deliver(id, () => work(id)),
        onGivenUp: (id) => ledger.giveUp(id),
      })
      await stoppedAfter([drain], () => ledger.settled(ids))
      const dead = await listDead(await buffer.openConsumer('orders'))
      assert.deepEqual(idsOf(dead.map(({ event }) => event)).toSorted(), hopeless)
    },
  ),

  openCase(
    'S2: what is behind a blocked event of its key waits, also across a restart, and then comes in order',
    async (under) => {
      const { events, keys, ids } = eventsOf(4, 12)
      await under.buffer.append(events)
      const ledger = createLedger(keys, under.advance)
      const setup = { maxAttempts: 1, onExhausted: 'blockKey' as const }
      const isOthers = (id: string): boolean => !id.startsWith('k0')
      const first = await startDrain(under.buffer, {
        ...setup,
        handle: ({ id }) =>
          ledger.deliver(id, () => (id === 'k0_2' ? Promise.reject(new Error('not now')) : undefined)),
      })
      await stoppedAfter([first], async () => {
        await ledger.settled(ids.filter((id) => isOthers(id) || id === 'k0_0' || id === 'k0_1'))
        await first.drained()
      })
      const buffer = await under.reopen()
      const second = await startDrain(buffer, { ...setup, handle: ({ id }) => ledger.deliver(id) })
      await stoppedAfter([second], async () => {
        assert.equal(await second.resumeKey('k0'), true)
        await ledger.settled(ids)
      })
    },
  ),

  openCase(
    'S2: who takes over the partitions of another goes on behind what that one has done',
    async ({ buffer, advance }) => {
      const { events, keys, ids } = eventsOf(5, 20)
      await buffer.append(events)
      const ledger = createLedger(keys, advance)
      const handled: string[] = []
      const handle = ({ id }: { readonly id: string }): Promise<void> => ledger.deliver(id, () => void handled.push(id))
      const first = await startDrain(buffer, { owner: 'first', handle, concurrency: 3 })
      await stoppedAfter([first], () => ledger.settled(ids.slice(0, 5)), HANDLERS_END_MS)
      const second = await startDrain(buffer, { owner: 'second', handle })
      await stoppedAfter([second], () => ledger.settled(ids))
      assert.deepEqual(handled.toSorted(), ids.toSorted(), 'what was done before is not done again')
    },
  ),

  openCase('S5: what a consumer has not done, and reads that wait, hold up no other', async ({ buffer }) => {
    const { events, ids } = eventsOf(5, 20)
    const slow = await openDrained(buffer, 'slow')
    const { signal, end } = endable()
    const waits = slow.leases.map((lease) =>
      slow.consumer.read(lease, null, { limit: 1, maxBytes: 1, waitMs: 60_000, signal }).catch(() => {}),
    )
    const quick = await openDrained(buffer, 'quick')
    for (let from = 0; from < events.length; from += 10) {
      const stored = await buffer.append(events.slice(from, from + 10))
      for (const lease of quick.leases) {
        const done = stored.filter(({ partition }) => partition === lease.partition)
        await quick.consumer.commit(lease, { done: done.map(({ position }) => position) })
      }
    }
    assert.deepEqual(new Set(idsOf(await readAll(quick.consumer, quick.leases))), new Set(ids))
    const { consumers } = await buffer.stats()
    const backlogs = Object.fromEntries(consumers.map(({ name, backlog }) => [name, backlog]))
    assert.deepEqual(backlogs, { slow: ids.length, quick: 0 })
    end()
    await Promise.all(waits)
  }),

  openCase('S5: a drain whose handlers do not come to an end holds up no other', async ({ buffer, advance }) => {
    const { events, keys, ids } = eventsOf(5, 20)
    await buffer.append(events.slice(0, 60))
    const ledger = createLedger(keys, advance)
    const stuck = await startDrain(buffer, { name: 'slow', handle: () => new Promise(() => {}) })
    const quick = await startDrain(buffer, { name: 'quick', handle: ({ id }) => ledger.deliver(id) })
    await stoppedAfter([stuck, quick], async () => {
      await ledger.settled(ids.slice(0, 60))
      await buffer.append(events.slice(60))
      await ledger.settled(ids)
    })
    assert.equal(await backlogOf(buffer, 'slow'), ids.length)
  }),
]

/** Events of `keyCount` keys, one of each key after the other, with their ids in this order and by their keys. */
export function eventsOf(
  keyCount: number,
  perKey: number,
): {
  readonly events: readonly NewEvent[]
  readonly ids: readonly string[]
  readonly keys: readonly (readonly string[])[]
} {
  const keys = Array.from({ length: keyCount }, (_, key) =>
    Array.from({ length: perKey }, (__, number) => `k${key}_${number}`),
  )
  const events = Array.from({ length: perKey }, (_, number) =>
    keys.map((ids, key) => sampleEvent(ids[number] as string, { key: `k${key}` })),
  ).flat()
  return { events, ids: idsOf(events), keys }
}

/** Runs `body`, and stops these drains whatever happens. Handlers have `timeoutMs` to end what they have under way. */
export async function stoppedAfter(drains: readonly Drain[], body: () => Promise<void>, timeoutMs = 0): Promise<void> {
  try {
    await body()
  } finally {
    await Promise.all(drains.map((drain) => drain.stop({ timeoutMs })))
  }
}

async function backlogOf(buffer: EventBuffer, name: string): Promise<number | undefined> {
  const { consumers } = await buffer.stats()
  return consumers.find((consumer) => consumer.name === name)?.backlog
}

function endable(): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, end: () => controller.abort() }
}
