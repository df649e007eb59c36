import { IntegrationError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import {
  acceptedReply,
  appendRefusal,
  internalRefusal,
  refusedReply,
  unknownSourceRefusal,
} from '../../src/receiver/webhook-reply.ts'

describe('acceptedReply', () => {
  test('has content only where the status allows it', () => {
    expect(acceptedReply({ status: 200 }).body).toBe('{"status":"accepted"}')
    for (const status of [204, 205]) expect(acceptedReply({ status })).toEqual({ status, headers: {}, body: '' })
  })
})

describe('refusedReply', () => {
  test('rounds Retry-After up to whole seconds, at least one', () => {
    const retryAfter = (retryAfterMs: number): string | undefined =>
      refusedReply(new IntegrationError({ code: 'overloaded', retryAfterMs })).headers['retry-after']
    expect([0, 1, 1000, 1001].map(retryAfter)).toEqual(['1', '1', '1', '2'])
  })

  test('sends Retry-After with 503 only', () => {
    const reply = refusedReply(new IntegrationError({ code: 'signature_invalid', retryAfterMs: 1000 }))
    expect(reply.headers).toEqual({ 'content-type': 'application/problem+json' })
  })

  test('keeps the message of the error inside', () => {
    const reply = refusedReply(
      new IntegrationError({ code: 'configuration_error', message: 'Locked: /srv/inbox/lock' }),
    )
    expect(reply.body).not.toContain('/srv')
    expect(JSON.parse(reply.body)).toMatchObject({ status: 500, code: 'configuration_error' })
  })
})

describe('appendRefusal', () => {
  test('keeps code, reason and cause of the buffer under a status that has the sender repeat', () => {
    const cause = new BufferError('buffer_locked', 'Locked.')
    expect(appendRefusal(cause)).toMatchObject({
      code: 'configuration_error',
      reason: 'buffer_locked',
      status: 503,
      retryAfterMs: 5000,
      cause,
    })
  })

  test('does not ask to repeat what is too large', () => {
    const refusal = appendRefusal(new BufferError('event_too_large', 'Too large.'))
    expect([refusal.status, refusal.retryAfterMs]).toEqual([413, undefined])
  })
})

describe('internalRefusal', () => {
  test('passes an IntegrationError on and wraps everything else', () => {
    const error = new IntegrationError({ code: 'not_found' })
    expect(internalRefusal(error, 500)).toBe(error)
    const cause = new TypeError('x is undefined')
    expect(internalRefusal(cause, 500)).toMatchObject({ code: 'internal_error', status: 500, cause })
  })
})

describe('unknownSourceRefusal', () => {
  test('names no more than sixteen sources, and no more of the path than a name has', () => {
    const sources = new Map(Array.from({ length: 1000 }, (_, index) => [`tenant-${index}`, index]))
    const { message } = unknownSourceRefusal('x'.repeat(1000), sources)
    expect(message).toMatch(/^There is no source "x{64}"; there are: tenant-0, .*, tenant-15 and 984 more\.$/)
  })
})
