import { toIntegrationError } from '@holdfast/adapters/openai'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { canary, caught, describeClient } from './client-cases.ts'
import { answering, failingServer } from './failing-server.ts'

const clientAt = (url: string, timeout = 5_000): OpenAI =>
  new OpenAI({ apiKey: canary, baseURL: url, timeout, maxRetries: 0, defaultQuery: { key: canary } })
const request = { model: 'm', messages: [{ role: 'user' as const, content: canary }] }

describeClient({
  name: 'the OpenAI SDK',
  call: ({ url, timeoutMs, signal }) => clientAt(url, timeoutMs).chat.completions.create(request, { signal }),
  toIntegrationError,
  // It takes keys: there is nothing to refresh.
  differs: { '401': { code: 'app_credentials_invalid', delivery: 'answered' } },
})

describe('toIntegrationError of OpenAI', () => {
  it.each([
    [429, 'insufficient_quota', { code: 'quota_exhausted' }],
    [400, 'context_length_exceeded', { code: 'invalid_request', reason: 'too_large' }],
  ])('reads a %i of %s', async (status, code, expected) => {
    const body = JSON.stringify({ error: { code, message: 'No.' } })
    const url = await failingServer(answering(status, { 'x-request-id': 'req_1' }, body))
    const error = await caught(clientAt(url).chat.completions.create(request))
    expect(toIntegrationError(error)).toMatchObject({
      ...expected,
      integration: 'openai',
      upstream: { status, code, message: 'No.', requestId: 'req_1' },
    })
  })
})
