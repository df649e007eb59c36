import { classifyResponse } from '@holdfast/core'
import { expect, test } from 'vitest'
import stripe from '../../src/connectors/stripe.ts'

test.each(['idempotency_error', 'invalid_request_error'])(
  'a key that is in use means that the first request is still under way, also as an error of type %s',
  (type) => {
    const answer = {
      status: 409,
      headers: new Headers(),
      body: {
        error: { type, code: 'idempotency_key_in_use', message: 'Another request with this key is in progress.' },
      },
      now: 0,
    }
    expect(classifyResponse(answer, stripe)).toMatchObject({ code: 'conflict', reason: 'locked', retryable: 'after' })
  },
)
