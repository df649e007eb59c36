import assert from 'node:assert/strict'
import { type ConformanceCase, openCase } from './conformance-case.ts'
import { openWith, resume } from './cursor-cases.ts'
import { idsOf, openDrained, refusedWith } from './reading.ts'
import { sampleEvents } from './sample-events.ts'
import { comparable, letterOf, listDead, listParked, parkedOf, why } from './set-aside.ts'

/** Events that are set aside until their lane gets on. */
export const parkedCases: readonly ConformanceCase[] = [
  openCase('what is parked is done in the log and comes back as it was, also after a restart', async (under) => {
    const { consumer, lease, events, at } = await openWith(under.buffer, 4)
    const [first, second, third] = events
    assert.ok(first && second && third)
    await consumer.commit(lease, { retry: [{ position: at(0), attempts: 2, nextAt: 5 }] })
    const parked = [
      parkedOf(first, { attempts: 3, nextAt: 1_750_000_000_500, blocked: why, redrives: 2 }),
      parkedOf(second),
      parkedOf(third, { lane: 'b' }),
    ]
    await consumer.park(lease, parked)
    assert.deepEqual(await consumer.load(lease), { lowWater: at(2), done: [], retry: [] })
    const buffer = await under.reopen()
    const again = await resume(buffer, lease.partition)
    assert.deepEqual(await again.consumer.load(again.lease), { lowWater: at(2), done: [], retry: [] })
    assert.deepEqual(
      (await listParked(again.consumer, again.lease)).map(comparable),
      parked.slice(0, 2).map(comparable),
    )
    assert.deepEqual(
      (await listParked(again.consumer, again.lease, 'b')).map(comparable),
      parked.slice(2).map(comparable),
    )
    assert.deepEqual((await buffer.stats()).consumers, [{ name: 'orders', backlog: 4, parked: 3, deadLetters: 0 }])
  }),

  openCase(
    'the lanes with parked events are known, with their sizes and heads, also after a restart',
    async (under) => {
      const { consumer, lease, events, at } = await openWith(under.buffer, 4)
      assert.deepEqual(await consumer.parkedLanes(lease), [])
      const [first, second, third] = events
      assert.ok(first && second && third)
      await consumer.park(lease, [parkedOf(second, { attempts: 1, nextAt: 7 }), parkedOf(first, { blocked: why })])
      await consumer.park(lease, [parkedOf(third, { lane: 'ü \0 lane' })])
      const expected = [
        {
          lane: 'a',
          events: 2,
          bytes: first.body.byteLength + second.body.byteLength,
          head: { position: at(0), attempts: 0, nextAt: 0, blocked: why },
        },
        {
          lane: 'ü \0 lane',
          events: 1,
          bytes: third.body.byteLength,
          head: { position: at(2), attempts: 0, nextAt: 0 },
        },
      ]
      const byLane = (left: { readonly lane: string }, right: { readonly lane: string }): number =>
        left.lane < right.lane ? -1 : 1
      assert.deepEqual((await consumer.parkedLanes(lease)).toSorted(byLane), expected)
      const again = await resume(await under.reopen(), lease.partition)
      assert.deepEqual((await again.consumer.parkedLanes(again.lease)).toSorted(byLane), expected)
    },
  ),

  openCase('S2: a lane is read from its front, in the order of the log, in steps', async ({ buffer }) => {
    const { consumer, lease, events } = await openWith(buffer, 6)
    const shuffled = [4, 0, 2, 1, 5, 3].flatMap((index) => events[index] ?? [])
    for (const event of shuffled) await consumer.park(lease, [parkedOf(event)])
    const read = async (limit: number, maxBytes: number): Promise<string[]> =>
      idsOf((await listParked(consumer, lease, 'a', { limit, maxBytes })).map(({ event }) => event))
    assert.deepEqual(await read(100, 100_000), idsOf(events))
    assert.deepEqual(await read(2, 100_000), ['evt_0', 'evt_1'])
    assert.deepEqual(await read(100, 1), ['evt_0'])
    const [first] = events
    assert.ok(first)
    const some = await read(100, first.body.byteLength * 3)
    assert.ok(some.length >= 1 && some.length <= 3, `${some.length} events`)
    assert.deepEqual(await listParked(consumer, lease, 'nothing'), [])
  }),

  openCase('what is done is parked no longer, also after a restart', async (under) => {
    const { consumer, lease, events, at } = await openWith(under.buffer, 5)
    await consumer.park(
      lease,
      events.map((event) => parkedOf(event)),
    )
    await consumer.commit(lease, { done: [at(0), at(3)] })
    const left = ['evt_1', 'evt_2', 'evt_4']
    assert.deepEqual(idsOf((await listParked(consumer, lease)).map(({ event }) => event)), left)
    const buffer = await under.reopen()
    const again = await resume(buffer, lease.partition)
    assert.deepEqual(idsOf((await listParked(again.consumer, again.lease)).map(({ event }) => event)), left)
    assert.deepEqual((await buffer.stats()).consumers, [{ name: 'orders', backlog: 3, parked: 3, deadLetters: 0 }])
    await again.consumer.commit(again.lease, { done: [at(1), at(2), at(4)] })
    assert.deepEqual(await again.consumer.parkedLanes(again.lease), [])
  }),

  openCase('attempts of a parked event survive a restart, and end a blocking', async (under) => {
    const { consumer, lease, events, at } = await openWith(under.buffer, 2)
    await consumer.park(
      lease,
      events.map((event) => parkedOf(event, { blocked: why })),
    )
    await consumer.commit(lease, { retry: [{ position: at(0), attempts: 4, nextAt: 1_750_000_000_900 }] })
    const again = await resume(await under.reopen(), lease.partition)
    const [first, second] = await listParked(again.consumer, again.lease)
    assert.deepEqual([first?.attempts, first?.nextAt, first?.blocked], [4, 1_750_000_000_900, undefined])
    assert.deepEqual([second?.attempts, second?.nextAt, second?.blocked], [0, 0, why])
    assert.deepEqual((await again.consumer.load(again.lease)).retry, [])
  }),

  openCase('an event that is parked again keeps its place and gets the new state', async (under) => {
    const { consumer, lease, events } = await openWith(under.buffer, 3)
    const [first] = events
    assert.ok(first)
    await consumer.park(
      lease,
      events.map((event) => parkedOf(event)),
    )
    await consumer.park(lease, [parkedOf(first, { attempts: 10, nextAt: 3, blocked: why })])
    const check = (parked: Awaited<ReturnType<typeof listParked>>): void => {
      assert.deepEqual(idsOf(parked.map(({ event }) => event)), ['evt_0', 'evt_1', 'evt_2'])
      assert.deepEqual([parked[0]?.attempts, parked[0]?.nextAt, parked[0]?.blocked], [10, 3, why])
    }
    check(await listParked(consumer, lease))
    const again = await resume(await under.reopen(), lease.partition)
    check(await listParked(again.consumer, again.lease))
  }),

  openCase('what is done cannot be parked', async ({ buffer }) => {
    const { consumer, lease, events, at } = await openWith(buffer, 3)
    await consumer.commit(lease, { done: [at(0), at(2)] })
    await consumer.park(
      lease,
      events.map((event) => parkedOf(event)),
    )
    assert.deepEqual(idsOf((await listParked(consumer, lease)).map(({ event }) => event)), ['evt_1'])
  }),

  openCase('a dead letter cannot be parked, and a parked event can become one', async (under) => {
    const { consumer, lease, events } = await openWith(under.buffer, 2)
    const [first, second] = events
    assert.ok(first && second)
    await consumer.deadLetter(lease, [letterOf(first)])
    await consumer.park(lease, [parkedOf(first), parkedOf(second)])
    await consumer.deadLetter(lease, [letterOf(second)])
    const check = async (from: typeof consumer, under_: typeof lease): Promise<void> => {
      assert.deepEqual(await from.parkedLanes(under_), [])
      assert.deepEqual(idsOf((await listDead(from)).map(({ event }) => event)), ['evt_0', 'evt_1'])
    }
    await check(consumer, lease)
    const again = await resume(await under.reopen(), lease.partition)
    await check(again.consumer, again.lease)
  }),

  openCase('parked events belong to their consumer, and go with it', async (under) => {
    const { consumer, lease, events } = await openWith(under.buffer, 2)
    await consumer.park(
      lease,
      events.map((event) => parkedOf(event)),
    )
    const other = await openDrained(under.buffer, 'other')
    for (const otherLease of other.leases) assert.deepEqual(await other.consumer.parkedLanes(otherLease), [])
    await under.buffer.removeConsumer('orders')
    const again = await resume(await under.reopen(), lease.partition)
    assert.deepEqual(await again.consumer.parkedLanes(again.lease), [])
    assert.equal((await again.consumer.load(again.lease)).lowWater, null)
  }),

  openCase('bodies of parked events come back byte for byte', async ({ buffer }) => {
    const body = Uint8Array.from({ length: 70_001 }, (_, index) => (index * 31) & 0xff)
    await buffer.append(sampleEvents(3, 'large_', { body }))
    const { consumer, lease, events } = await openWith(buffer, 1)
    await consumer.park(
      lease,
      events.map((event) => parkedOf(event)),
    )
    const parked = await listParked(consumer, lease)
    assert.equal(parked.length, 4)
    for (const { event } of parked.slice(0, 3)) assert.ok(Buffer.compare(event.body, body) === 0)
  }),

  openCase('many parked events in many lanes keep their order while they come and go', async (under) => {
    const { consumer, lease, events, at } = await openWith(under.buffer, 600)
    const laneOf = (index: number): string => `lane_${index % 7}`
    for (let from = 0; from < 600; from += 50)
      await consumer.park(
        lease,
        events.slice(from, from + 50).map((event, index) => parkedOf(event, { lane: laneOf(from + index) })),
      )
    // Every lane but the first gets on; that one stays whole.
    const done = events.flatMap((_, index) => (index % 7 !== 0 && index < 500 ? [index] : []))
    for (let from = 0; from < done.length; from += 40)
      await consumer.commit(lease, { done: done.slice(from, from + 40).map(at) })
    const again = await resume(await under.reopen(), lease.partition)
    for (let lane = 0; lane < 7; lane++) {
      const parked = await listParked(again.consumer, again.lease, laneOf(lane))
      const expected = events.filter((_, index) => index % 7 === lane && (lane === 0 || index >= 500))
      assert.deepEqual(idsOf(parked.map(({ event }) => event)), idsOf(expected))
    }
  }),

  openCase('S3: a lease that is over neither parks nor reads what is parked', async (under) => {
    const { lease, events } = await openWith(under.buffer, 1)
    const again = await resume(await under.reopen(), lease.partition)
    await refusedWith(
      'stale_lease',
      again.consumer.park(
        lease,
        events.map((event) => parkedOf(event)),
      ),
    )
    await refusedWith('stale_lease', again.consumer.parkedLanes(lease))
    await refusedWith('stale_lease', again.consumer.readParked(lease, 'a', { limit: 1, maxBytes: 1 }))
    assert.deepEqual(await again.consumer.parkedLanes(again.lease), [])
  }),
]
