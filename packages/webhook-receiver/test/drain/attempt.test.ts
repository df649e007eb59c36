import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { type AttemptSetup, createAttempt } from '../../src/drain/attempt.ts'
import type { Delivery } from '../../src/drain/delivery.ts'

const clock = fakeClock()
const setup: AttemptSetup = {
  name: 'crm',
  timeoutMs: 5000,
  clock,
  effects: { once: () => Promise.reject(new Error('not asked for')) },
}
const delivery = { attempts: 2, home: { epoch: 7 } } as unknown as Delivery

describe('createAttempt', () => {
  test('counts on from the failed attempts', () => {
    const { context } = createAttempt(delivery, setup, 0, false)
    expect(context.attempt).toBe(3)
    expect(context.destination).toBe('crm')
  })

  test('tells when its time is over, and under which lease it runs', async () => {
    const { context } = createAttempt(delivery, setup, clock.monotonicMs(), false)
    const endsAt = clock.now() + 5000
    expect(context.deadline).toBe(endsAt)
    await clock.advance(2000)
    expect(context.deadline).toBe(endsAt)
    expect(context.fencingToken).toBe(7)
    expect(createAttempt(delivery, { ...setup, timeoutMs: Infinity }, 0, false).context.deadline).toBe(Infinity)
  })

  test('has one signal, which aborts with the reason', () => {
    const attempt = createAttempt(delivery, setup, 0, false)
    const { signal } = attempt.context
    const reason = new Error('late')
    attempt.abort(reason)
    expect(signal.reason).toBe(reason)
    expect(attempt.context.signal).toBe(signal)
  })

  test('keeps the first reason for a signal that is asked for afterwards', () => {
    const attempt = createAttempt(delivery, setup, 0, false)
    attempt.abort('first')
    attempt.abort('second')
    expect(attempt.context.signal.aborted).toBe(true)
    expect(attempt.context.signal.reason).toBe('first')
  })
})
