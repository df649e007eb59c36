import { IntegrationError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import { failureInfo, hintedDelayMs, isStaleLease, staleLease } from '../../src/drain/failure.ts'

describe('failureInfo', () => {
  test('keeps code and message', () => {
    const error = new IntegrationError({ code: 'rate_limited', message: 'Too fast.' })
    expect(failureInfo(error, 3, 99)).toEqual({ attempts: 3, at: 99, code: 'rate_limited', message: 'Too fast.' })
  })

  test('cuts a long message to 1,000 characters', () => {
    expect(failureInfo(new Error('x'.repeat(5000)), 1, 0).message).toHaveLength(1000)
  })

  test.each([
    [undefined, 'A value of type undefined was thrown.'],
    [null, 'A value of type object was thrown.'],
    ['text', 'text'],
    [new RangeError(), 'RangeError'],
    [{ message: 7, code: 404 }, 'A value of type object was thrown.'],
  ])('says something about %o', (thrown, message) => {
    expect(failureInfo(thrown, 1, 0)).toEqual({ attempts: 1, at: 0, message })
  })

  test('survives an error whose properties throw', () => {
    const hostile = Object.defineProperty({}, 'message', {
      get() {
        throw new Error('gotcha')
      },
    })
    expect(failureInfo(hostile, 1, 0).message).toBe('A value of type object was thrown.')
  })
})

describe('hintedDelayMs', () => {
  test.each([
    [{ retryAfterMs: 1500 }, 1500],
    [{ retryAfterMs: -1 }, 0],
    [{ retryAfterMs: Number.NaN }, 0],
    [{ retryAfterMs: '5' }, 0],
    [undefined, 0],
  ])('reads %o as %d', (error, delayMs) => {
    expect(hintedDelayMs(error)).toBe(delayMs)
  })
})

describe('isStaleLease', () => {
  test('knows a lost lease from other failures', () => {
    expect(isStaleLease(staleLease(3))).toBe(true)
    expect(isStaleLease(new BufferError('buffer_failed', 'no'))).toBe(false)
    expect(isStaleLease({ reason: 'stale_lease' })).toBe(false)
  })
})
