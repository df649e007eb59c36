import type { Connector } from '@holdfast/core'

/** Anthropic as far as its errors differ from what their status says. */
export const provider: Connector = {
  id: 'anthropic',
  name: 'Anthropic',
  sources: [{ url: 'https://docs.claude.com/en/api/errors', verifiedAt: '2026-11-22' }],
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
    // The API takes keys, not tokens that could be refreshed.
    {
      when: { status: 401 },
      then: { code: 'app_credentials_invalid', reason: 'api_key' },
      example: { status: 401, body: { type: 'error', error: { type: 'authentication_error', message: 'No.' } } },
    },
  ],
}
