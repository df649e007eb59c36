import assert from 'node:assert/strict'
import type { EventPlace, StoredEvent } from '../../buffer/event-buffer.ts'
import { type ConformanceCase, openCase } from './conformance-case.ts'
import { openWith, resume } from './cursor-cases.ts'
import { idsOf, openDrained } from './reading.ts'
import { comparable, letterOf, listDead, listParked, parkedOf, why } from './set-aside.ts'

/** What happens to an event that is given up. */
export const deadLetterCases: readonly ConformanceCase[] = [
  openCase(
    'a dead letter is listed with its event and the reason, oldest first, also after a restart',
    async (under) => {
      const { consumer, lease, events } = await openWith(under.buffer, 3)
      const [first, second, third] = events
      assert.ok(first && second && third)
      const expected = [
        letterOf(second, { lane: 'ü \0 lane', redrives: 3 }),
        letterOf(first, { why: { attempts: 1, at: 1_750_000_200_000, message: 'no code' } }),
        letterOf(third, { why: { ...why, at: 1_750_000_300_000 } }),
      ]
      await consumer.deadLetter(lease, expected.slice(0, 1))
      await consumer.deadLetter(lease, expected.slice(1))
      assert.deepEqual((await listDead(consumer)).map(comparable), expected.map(comparable))
      const again = await resume(await under.reopen(), lease.partition)
      assert.deepEqual((await listDead(again.consumer)).map(comparable), expected.map(comparable))
    },
  ),

  openCase('a dead letter is done: it is not among what is left, and its attempts are forgotten', async (under) => {
    const { consumer, lease, events, at } = await openWith(under.buffer, 3)
    const [first] = events
    assert.ok(first)
    await consumer.commit(lease, { retry: [{ position: at(0), attempts: 9, nextAt: 1 }] })
    await consumer.deadLetter(lease, [letterOf(first)])
    assert.deepEqual(await consumer.load(lease), { lowWater: at(0), done: [], retry: [] })
    const buffer = await under.reopen()
    const again = await resume(buffer, lease.partition)
    assert.deepEqual(await again.consumer.load(again.lease), { lowWater: at(0), done: [], retry: [] })
    assert.deepEqual((await buffer.stats()).consumers, [{ name: 'orders', backlog: 2, parked: 0, deadLetters: 1 }])
  }),

  openCase('an event is a dead letter once, and one that is done becomes none', async ({ buffer }) => {
    const { consumer, lease, events, at } = await openWith(buffer, 2)
    const [first, second] = events
    assert.ok(first && second)
    await consumer.deadLetter(lease, [letterOf(first), letterOf(first)])
    await consumer.deadLetter(lease, [letterOf(first)])
    await consumer.commit(lease, { done: [at(1)] })
    await consumer.deadLetter(lease, [letterOf(second)])
    assert.deepEqual(idsOf((await listDead(consumer)).map(({ event }) => event)), ['evt_0'])
  }),

  openCase('dead letters belong to their consumer', async ({ buffer }) => {
    const { consumer, lease, events } = await openWith(buffer, 1)
    await consumer.deadLetter(
      lease,
      events.map((event) => letterOf(event)),
    )
    const other = await openDrained(buffer, 'other')
    assert.deepEqual(await listDead(other.consumer), [])
    assert.equal(await other.consumer.purge(events.map(placeOf)), 0)
  }),

  openCase('a consumer without dead letters lists none', async ({ buffer }) => {
    const { consumer, lease } = await openWith(buffer, 1)
    assert.deepEqual(await listDead(consumer), [])
    assert.deepEqual(await consumer.deadLanes(lease), [])
  }),

  openCase('the lanes that have dead letters are known, also after a restart', async (under) => {
    const { consumer, lease, events } = await openWith(under.buffer, 4)
    const lanes = ['a', 'b', 'a', 'c']
    await consumer.deadLetter(
      lease,
      events.map((event, index) => letterOf(event, { lane: lanes[index] ?? '' })),
    )
    assert.equal(await consumer.purge(events.slice(3).map(placeOf)), 1)
    assert.deepEqual((await consumer.deadLanes(lease)).toSorted(), ['a', 'b'])
    const again = await resume(await under.reopen(), lease.partition)
    assert.deepEqual((await again.consumer.deadLanes(again.lease)).toSorted(), ['a', 'b'])
  }),

  openCase('a purged dead letter is gone for good; the others stay', async (under) => {
    const { consumer, lease, events } = await openWith(under.buffer, 5)
    const [first, second, third, fourth] = events
    assert.ok(first && second && third && fourth)
    await consumer.deadLetter(
      lease,
      [first, second, third].map((event) => letterOf(event)),
    )
    assert.equal(await consumer.purge([second, second, fourth].map(placeOf)), 1)
    assert.deepEqual(idsOf((await listDead(consumer)).map(({ event }) => event)), ['evt_0', 'evt_2'])
    const buffer = await under.reopen()
    const again = await resume(buffer, lease.partition)
    assert.deepEqual(idsOf((await listDead(again.consumer)).map(({ event }) => event)), ['evt_0', 'evt_2'])
    assert.deepEqual((await buffer.stats()).consumers, [{ name: 'orders', backlog: 2, parked: 0, deadLetters: 2 }])
    assert.equal(await again.consumer.purge([first, third].map(placeOf)), 2)
    assert.deepEqual(await listDead(again.consumer), [])
  }),

  openCase('a redriven dead letter is parked in its lane, with fresh attempts and one redrive more', async (under) => {
    const { consumer, lease, events } = await openWith(under.buffer, 3)
    await consumer.deadLetter(
      lease,
      events.map((event) => letterOf(event, { redrives: 1 })),
    )
    assert.equal(await consumer.redrive([events[2], events[0]].flatMap((event) => (event ? [placeOf(event)] : []))), 2)
    const expected = [events[0], events[2]].flatMap((event) => (event ? [parkedOf(event, { redrives: 2 })] : []))
    assert.deepEqual((await listParked(consumer, lease)).map(comparable), expected.map(comparable))
    const buffer = await under.reopen()
    const again = await resume(buffer, lease.partition)
    assert.deepEqual((await listParked(again.consumer, again.lease)).map(comparable), expected.map(comparable))
    assert.deepEqual(idsOf((await listDead(again.consumer)).map(({ event }) => event)), ['evt_1'])
    assert.deepEqual((await buffer.stats()).consumers, [{ name: 'orders', backlog: 2, parked: 2, deadLetters: 1 }])
  }),

  openCase(
    'the mark of what is set aside changes with each redrive and purge only, or there is none',
    async (under) => {
      const { consumer, lease, events } = await openWith(under.buffer, 4)
      const [first, second, third, fourth] = events
      assert.ok(first && second && third && fourth)
      if (consumer.asideMark === undefined) return
      const marks = [await consumer.asideMark(lease)]
      await consumer.deadLetter(lease, [letterOf(first), letterOf(second)])
      await consumer.park(lease, [parkedOf(third)])
      await consumer.commit(lease, { done: [fourth.position] })
      assert.equal(await consumer.redrive([placeOf(fourth)]), 0)
      assert.equal(await consumer.asideMark(lease), marks[0])
      await consumer.redrive([placeOf(first)])
      marks.push(await consumer.asideMark(lease))
      await consumer.purge([placeOf(second)])
      marks.push(await consumer.asideMark(lease))
      assert.equal(new Set(marks).size, 3)
      const again = await resume(await under.reopen(), lease.partition)
      assert.equal(await again.consumer.asideMark?.(again.lease), marks[2])
    },
  ),

  openCase('a redriven event comes before later ones that are parked in its lane', async ({ buffer }) => {
    const { consumer, lease, events } = await openWith(buffer, 4)
    const [first, second, third, fourth] = events
    assert.ok(first && second && third && fourth)
    await consumer.deadLetter(lease, [letterOf(second)])
    await consumer.park(lease, [parkedOf(first), parkedOf(third), parkedOf(fourth, { lane: 'b' })])
    await consumer.redrive([placeOf(second)])
    const parked = await listParked(consumer, lease)
    assert.deepEqual(idsOf(parked.map(({ event }) => event)), ['evt_0', 'evt_1', 'evt_2'])
  }),

  openCase(
    'a redriven event that is done is neither parked nor a dead letter, and can become none again',
    async (under) => {
      const { consumer, lease, events, at } = await openWith(under.buffer, 1)
      const [event] = events
      assert.ok(event)
      await consumer.deadLetter(lease, [letterOf(event)])
      await consumer.redrive([placeOf(event)])
      await consumer.commit(lease, { done: [at(0)] })
      await consumer.deadLetter(lease, [letterOf(event)])
      await consumer.park(lease, [parkedOf(event)])
      const buffer = await under.reopen()
      assert.deepEqual((await buffer.stats()).consumers, [{ name: 'orders', backlog: 0, parked: 0, deadLetters: 0 }])
    },
  ),

  openCase('a redriven event that fails again is a dead letter again, with its redrives', async (under) => {
    const { consumer, lease, events } = await openWith(under.buffer, 1)
    const [event] = events
    assert.ok(event)
    await consumer.deadLetter(lease, [letterOf(event)])
    await consumer.redrive([placeOf(event)])
    const again = letterOf(event, { redrives: 1, why: { ...why, message: 'again' } })
    await consumer.deadLetter(lease, [again])
    assert.deepEqual((await listDead(consumer)).map(comparable), [comparable(again)])
    const reopened = await resume(await under.reopen(), lease.partition)
    assert.deepEqual((await listDead(reopened.consumer)).map(comparable), [comparable(again)])
    assert.deepEqual(await reopened.consumer.parkedLanes(reopened.lease), [])
  }),

  openCase('redrive and purge of what is no dead letter change nothing', async ({ buffer }) => {
    const { consumer, lease, events } = await openWith(buffer, 2)
    assert.equal(await consumer.redrive(events.map(placeOf)), 0)
    assert.equal(await consumer.purge(events.map(placeOf)), 0)
    assert.deepEqual(await consumer.load(lease), { lowWater: null, done: [], retry: [] })
    assert.deepEqual(await consumer.parkedLanes(lease), [])
  }),
]

function placeOf({ partition, position }: StoredEvent): EventPlace {
  return { partition, position }
}
