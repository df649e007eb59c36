import assert from 'node:assert/strict'
import { type ConformanceCase, openCase } from './conformance-case.ts'
import { leaseOf, openDrained } from './reading.ts'

const bufferCalls = ['append', 'openConsumer', 'removeConsumer', 'read', 'positionBefore'] as const
const consumerCalls = [
  'acquire',
  'read',
  'load',
  'commit',
  'park',
  'parkedLanes',
  'readParked',
  'deadLetter',
  'deadLanes',
  'redrive',
  'purge',
  'renew',
  'release',
] as const

/** What callers without types give. */
const wrong: readonly (readonly unknown[])[] = [[], [null], [5], ['x'], [{}], [[undefined]], [[null]], [[{}]]]

/** A caller handles one kind of failure: the promise that rejects. */
export const wrongCallCases: readonly ConformanceCase[] = [
  openCase('append of what is no array of events rejects', async ({ buffer }) => {
    for (const events of [undefined, null, 5, {}, [undefined], [null], [{}]])
      await assert.rejects(buffer.append(events as never), Error, `append(${JSON.stringify(events)})`)
    assert.equal((await buffer.stats()).events, 0)
  }),

  openCase('no method throws where it is called, whatever it is given', async ({ buffer }) => {
    const { consumer, leases } = await openDrained(buffer)
    const lease = leaseOf(leases, { partition: 0 })
    for (const args of wrong) {
      for (const name of bufferCalls) await settled(buffer, name, args)
      for (const name of consumerCalls) await settled(consumer, name, args)
      for (const name of ['read', 'commit', 'park', 'readParked', 'deadLetter', 'renew'] as const)
        await settled(consumer, name, [lease, ...args])
    }
  }),
]

/** Calls a method and waits for its outcome, whichever it is. */
async function settled(target: object, name: string, args: readonly unknown[]): Promise<void> {
  const call = (target as Readonly<Record<string, (...given: readonly unknown[]) => Promise<unknown>>>)[name]
  assert.ok(call !== undefined)
  let answer: Promise<unknown>
  try {
    answer = call.apply(target, [...args])
  } catch (error) {
    assert.fail(`\`${name}\` threw where it was called with ${JSON.stringify(args)}: ${String(error)}`)
  }
  await answer.catch(() => undefined)
}
