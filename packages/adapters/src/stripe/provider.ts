import type { Connector, ErrorRule } from '@holdfast/core'

const typed = (status: number, type: string, then: ErrorRule['then']): ErrorRule => ({
  when: { pointer: '/error/type', equals: type },
  then,
  example: { status, body: { error: { type, message: 'No.' } } },
})

const coded = (status: number, code: string, then: ErrorRule['then']): ErrorRule => ({
  when: { status, pointer: '/error/code', equals: code },
  then,
  example: { status, body: { error: { type: 'invalid_request_error', code, message: 'No.' } } },
})

/** Stripe as far as its errors differ from what their status says. */
export const provider: Connector = {
  id: 'stripe',
  name: 'Stripe',
  sources: [
    { url: 'https://docs.stripe.com/api/errors', verifiedAt: '2026-11-22' },
    { url: 'https://stripe.dev/stripe-java/com/stripe/exception/oauth/package-summary.html', verifiedAt: '2026-11-22' },
    { url: 'https://github.com/stripe/stripe-node', verifiedAt: '2026-11-22' },
    { url: 'https://github.com/stripe/stripe-ruby', verifiedAt: '2026-11-22' },
  ],
  http: { requestIdHeader: 'request-id' },
  errors: [
    coded(409, 'idempotency_key_in_use', { code: 'conflict', reason: 'locked', retryable: 'after' }),
    typed(400, 'idempotency_error', { code: 'idempotency_conflict' }),
    typed(402, 'card_error', {
      code: 'invalid_request',
      reason: 'card_error',
      fault: 'customer',
      retryable: 'never',
    }),
    coded(400, 'rate_limit', { code: 'rate_limited' }),
    coded(429, 'lock_timeout', { code: 'conflict', reason: 'locked', retryable: 'after' }),
    typed(400, 'invalid_grant', { code: 'reauth_required', reason: 'invalid_grant' }),
    typed(401, 'invalid_client', { code: 'app_credentials_invalid', reason: 'invalid_client' }),
    // The API takes keys, not tokens that could be refreshed.
    {
      when: { status: 401 },
      then: { code: 'app_credentials_invalid', reason: 'api_key' },
      example: {
        status: 401,
        body: { error: { type: 'invalid_request_error', message: 'Invalid API Key provided.' } },
      },
    },
  ],
}
