import { classifyResponse } from '@holdfast/core'
import { createVerifier } from '@holdfast/webhook-receiver'
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

test.each(['sk_live_51Hxyz', 'rk_test_51Hxyz', 'we_1Hxyz', ' whsec_xyz'])(
  'refuses %j as a secret of webhooks, for Stripe writes them otherwise',
  (secret) => {
    const create = () => createVerifier({ connector: stripe, secrets: ['whsec_xyz', secret] })
    expect(create).toThrow(
      'Expected `secrets[1]` to be a string that begins with `whsec_`, got one that begins otherwise, as an API key or an id does.',
    )
    expect(create).not.toThrow(secret.slice(-4))
  },
)
