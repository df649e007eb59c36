import assert from 'node:assert/strict'
import type { Consumer, DeadLetter, FailureInfo } from '../../buffer/event-buffer.ts'
import { type ConformanceCase, openCase } from './conformance-case.ts'
import { openWith, resume } from './cursor-cases.ts'
import { openDrained } from './reading.ts'

const why: FailureInfo = {
  attempts: 10,
  at: 1_750_000_100_000,
  code: 'upstream_error',
  message: 'The CRM answered 500.',
}

/** What happens to an event that is given up. */
export const deadLetterCases: readonly ConformanceCase[] = [
  openCase(
    'a dead letter is listed with its event and the reason, oldest first, also after a restart',
    async (under) => {
      const { consumer, lease, events } = await openWith(under.buffer, 3)
      const [first, second, third] = events
      assert.ok(first && second && third)
      await consumer.deadLetter(lease, second, why)
      await consumer.deadLetter(lease, first, { attempts: 1, at: 1_750_000_200_000, message: 'no code' })
      const expected = [
        { event: second, why },
        { event: first, why: { attempts: 1, at: 1_750_000_200_000, message: 'no code' } },
      ]
      assert.deepEqual((await list(consumer)).map(comparable), expected.map(comparable))
      const again = await resume(await under.reopen(), lease.partition)
      assert.deepEqual((await list(again.consumer)).map(comparable), expected.map(comparable))
    },
  ),

  openCase('a dead letter is done: it is not among what is left, and its attempts are forgotten', async (under) => {
    const { consumer, lease, events, at } = await openWith(under.buffer, 3)
    const [first] = events
    assert.ok(first)
    await consumer.commit(lease, { retry: [{ position: at(0), attempts: 9, nextAt: 1 }] })
    await consumer.deadLetter(lease, first, why)
    assert.deepEqual(await consumer.load(lease), { lowWater: at(0), done: [], retry: [] })
    const buffer = await under.reopen()
    const again = await resume(buffer, lease.partition)
    assert.deepEqual(await again.consumer.load(again.lease), { lowWater: at(0), done: [], retry: [] })
    assert.deepEqual((await buffer.stats()).consumers, [{ name: 'orders', backlog: 2, deadLetters: 1 }])
  }),

  openCase('dead letters belong to their consumer', async ({ buffer }) => {
    const { consumer, lease, events } = await openWith(buffer, 1)
    const [event] = events
    assert.ok(event)
    await consumer.deadLetter(lease, event, why)
    const other = await openDrained(buffer, 'other')
    assert.deepEqual(await list(other.consumer), [])
  }),

  openCase('a consumer without dead letters lists none', async ({ buffer }) => {
    const { consumer } = await openWith(buffer, 1)
    assert.deepEqual(await list(consumer), [])
  }),
]

async function list(consumer: Consumer): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  for await (const letter of consumer.deadLetters()) letters.push(letter)
  return letters
}

function comparable({ event, why: reason }: DeadLetter): unknown {
  return { event: { ...event, headers: event.headers.map((pair) => [...pair]), body: [...event.body] }, reason }
}
