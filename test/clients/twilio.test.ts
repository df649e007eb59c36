import { toIntegrationError } from '@holdfast/adapters/twilio'
import twilio from 'twilio'
import { describe, expect, it } from 'vitest'
import { canary, caught, describeClient } from './client-cases.ts'
import { answering, failingServer } from './failing-server.ts'

function send(url: string, timeout = 5_000): Promise<unknown> {
  const client = twilio('AC00000000000000000000000000000000', canary, {
    httpClient: new twilio.RequestClient({ timeout, autoRetry: false }),
  })
  client.api.baseUrl = url
  return client.messages.create({ to: '+15005550006', from: '+15005550006', body: canary })
}

describeClient({
  name: 'the Twilio SDK',
  call: ({ url, timeoutMs }) => send(url, timeoutMs),
  toIntegrationError,
  body: (message) => ({ code: 1, message, more_info: 'https://www.twilio.com/docs/errors/1', status: 400 }),
  differs: {
    // It authenticates with a key: there is nothing to refresh.
    '401': { code: 'app_credentials_invalid', delivery: 'answered' },
    // It keeps no headers, so that the wait is not known.
    '429 with Retry-After': { code: 'rate_limited', delivery: 'answered' },
    '429 with a reset': { code: 'rate_limited', delivery: 'answered' },
    // It takes no signal.
    'an abort': 'skip',
  },
})

describe('toIntegrationError of Twilio', () => {
  it.each([
    [401, 20003, { code: 'app_credentials_invalid' }],
    [429, 20429, { code: 'rate_limited' }],
    [400, 21610, { code: 'invalid_request', reason: 'opted_out', fault: 'customer' }],
  ])('reads a %i of %i', async (status, code, expected) => {
    const url = await failingServer(answering(status, {}, JSON.stringify({ code, message: 'No.', status })))
    expect(toIntegrationError(await caught(send(url)))).toMatchObject({
      ...expected,
      delivery: 'answered',
      integration: 'twilio',
      upstream: { status, code: String(code), message: 'No.' },
    })
  })

  it('judges JSON that is not of Twilio by its status', async () => {
    const url = await failingServer(answering(503, {}, '{}'))
    expect(toIntegrationError(await caught(send(url)))).toMatchObject({
      code: 'upstream_unavailable',
      delivery: 'answered',
      upstream: { status: 503 },
    })
  })
})
