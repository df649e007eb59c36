import Anthropic from '@anthropic-ai/sdk'
import { toIntegrationError } from '@holdfast/adapters/anthropic'
import { describe, expect, it } from 'vitest'
import { canary, caught, describeClient } from './client-cases.ts'
import { answering, failingServer } from './failing-server.ts'

const clientAt = (url: string, timeout = 5_000): Anthropic =>
  new Anthropic({ apiKey: canary, baseURL: url, timeout, maxRetries: 0, defaultQuery: { key: canary } })
const request = { model: 'm', max_tokens: 1, messages: [{ role: 'user' as const, content: canary }] }

describeClient({
  name: 'the Anthropic SDK',
  call: ({ url, timeoutMs, signal }) => clientAt(url, timeoutMs).messages.create(request, { signal }),
  toIntegrationError,
  body: (message) => ({ type: 'error', error: { type: 'some_error', message } }),
  // It takes keys: there is nothing to refresh.
  differs: { '401': { code: 'app_credentials_invalid', delivery: 'answered' } },
})

describe('toIntegrationError of Anthropic', () => {
  it.each([
    [529, 'overloaded_error', { code: 'upstream_unavailable', reason: 'overloaded' }],
    [402, 'billing_error', { code: 'account_unavailable' }],
  ])('reads a %i of %s', async (status, type, expected) => {
    const body = JSON.stringify({ type: 'error', error: { type, message: 'No.' } })
    const url = await failingServer(answering(status, { 'request-id': 'req_1' }, body))
    const error = await caught(clientAt(url).messages.create(request))
    expect(toIntegrationError(error)).toMatchObject({
      ...expected,
      integration: 'anthropic',
      upstream: { status, code: type, message: 'No.', requestId: 'req_1' },
    })
  })

  it('tells a spend limit from a rate limit', async () => {
    const details = { error_code: 'enforced_spend_limit_reached' }
    const body = JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message: 'No.', details } })
    const url = await failingServer(answering(429, {}, body))
    const error = await caught(clientAt(url).messages.create(request))
    expect(toIntegrationError(error)).toMatchObject({ code: 'quota_exhausted', reason: 'plan' })
  })
})
