import { describe, expect, test } from 'vitest'
import { createAttempt } from '../../src/drain/attempt.ts'
import type { Delivery } from '../../src/drain/delivery.ts'

const delivery = { attempts: 2 } as unknown as Delivery

describe('createAttempt', () => {
  test('counts on from the failed attempts', () => {
    const { context } = createAttempt(delivery, 'crm', 0)
    expect(context.attempt).toBe(3)
    expect(context.destination).toBe('crm')
  })

  test('has one signal, which aborts with the reason', () => {
    const attempt = createAttempt(delivery, 'crm', 0)
    const { signal } = attempt.context
    const reason = new Error('late')
    attempt.abort(reason)
    expect(signal.reason).toBe(reason)
    expect(attempt.context.signal).toBe(signal)
  })

  test('keeps the first reason for a signal that is asked for afterwards', () => {
    const attempt = createAttempt(delivery, 'crm', 0)
    attempt.abort('first')
    attempt.abort('second')
    expect(attempt.context.signal.aborted).toBe(true)
    expect(attempt.context.signal.reason).toBe('first')
  })
})
