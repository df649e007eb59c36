import type { Connector } from '@holdfast/core'

/** OpenAI as far as its errors differ from what their status says. */
export const provider: Connector = {
  id: 'openai',
  name: 'OpenAI',
  sources: [
    { url: 'https://developers.openai.com/docs/guides/error-codes', verifiedAt: '2026-11-22' },
    { url: 'https://github.com/openai/codex', verifiedAt: '2026-11-22' },
    { url: 'https://github.com/openai/openai-node', verifiedAt: '2026-11-22' },
  ],
  http: { requestIdHeader: 'x-request-id' },
  errors: [
    {
      when: { status: 429, pointer: '/error/code', equals: 'insufficient_quota' },
      then: { code: 'quota_exhausted', reason: 'plan' },
      example: { status: 429, body: { error: { type: 'insufficient_quota', code: 'insufficient_quota' } } },
    },
    {
      when: { status: 400, pointer: '/error/code', equals: 'context_length_exceeded' },
      then: { code: 'invalid_request', reason: 'too_large' },
      example: { status: 400, body: { error: { code: 'context_length_exceeded' } } },
    },
    // The API takes keys, not tokens that could be refreshed.
    {
      when: { status: 401 },
      then: { code: 'app_credentials_invalid', reason: 'api_key' },
      example: { status: 401, body: { error: { code: 'invalid_api_key' } } },
    },
  ],
}
