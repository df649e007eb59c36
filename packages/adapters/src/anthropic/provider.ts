import type { Connector } from '@holdfast/core'

/** Anthropic as far as its errors differ from what their status says. */
export const provider: Connector = {
  id: 'anthropic',
  name: 'Anthropic',
  sources: [
    { url: 'https://platform.claude.com/docs/en/api/errors', verifiedAt: '2026-11-22' },
    { url: 'https://github.com/anthropics/anthropic-sdk-typescript', verifiedAt: '2026-11-22' },
  ],
  http: { requestIdHeader: 'request-id' },
  errors: [
    // Errors of a stream come after a 200, so the type decides.
    {
      when: { pointer: '/error/type', equals: 'overloaded_error' },
      then: { code: 'upstream_unavailable', reason: 'overloaded' },
      example: { status: 529, body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } },
    },
    {
      when: { pointer: '/error/type', equals: 'billing_error' },
      then: { code: 'account_unavailable', reason: 'payment_required' },
      example: { status: 402, body: { type: 'error', error: { type: 'billing_error', message: 'No.' } } },
    },
    {
      when: {
        status: 429,
        pointer: '/error/details/error_code',
        in: ['enforced_spend_limit_reached', 'contract_spend_limit_reached'],
      },
      then: { code: 'quota_exhausted', reason: 'plan' },
      example: {
        status: 429,
        body: {
          type: 'error',
          error: {
            type: 'rate_limit_error',
            message: 'No.',
            details: { error_code: 'enforced_spend_limit_reached' },
          },
        },
      },
    },
    // The API takes keys, not tokens that could be refreshed.
    {
      when: { status: 401 },
      then: { code: 'app_credentials_invalid', reason: 'api_key' },
      example: { status: 401, body: { type: 'error', error: { type: 'authentication_error', message: 'No.' } } },
    },
  ],
}
