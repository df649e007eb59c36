import { toIntegrationError } from '@holdfast/adapters/stripe'
import Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { canary, caught, describeClient } from './client-cases.ts'
import { answering, failingServer } from './failing-server.ts'

function clientAt(url: string, options: object = {}): Stripe {
  const { hostname, port, protocol } = new URL(url)
  return new Stripe(canary, {
    host: hostname,
    ...(port === '' ? {} : { port }),
    protocol: protocol === 'https:' ? 'https' : 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    ...options,
  })
}

const create = (stripe: Stripe): Promise<unknown> =>
  stripe.customers.create({ name: canary, metadata: { secret: canary } }, { idempotencyKey: canary })

const body = (message: string): object => ({ error: { type: 'invalid_request_error', message } })
const differs = {
  // It takes keys: there is nothing to refresh.
  '401': { code: 'app_credentials_invalid', delivery: 'answered' },
  // The SDK takes no signal, and keeps nothing of an answer that is no JSON.
  'an abort': 'skip',
  'a page instead of JSON': { code: 'schema_mismatch', reason: 'not_json', delivery: 'unknown' },
  'a page with 200': { code: 'schema_mismatch', reason: 'not_json', delivery: 'unknown' },
  // Without a request id it does not tell that headers had come.
  'a truncated body': { code: 'connection_lost', delivery: 'unknown' },
} as const

describeClient({
  name: 'Stripe',
  call: ({ url, timeoutMs }) => create(clientAt(url, { timeout: timeoutMs })),
  toIntegrationError,
  body,
  differs,
})
describeClient({
  name: 'Stripe over fetch',
  call: ({ url, timeoutMs }) =>
    create(clientAt(url, { timeout: timeoutMs, httpClient: Stripe.createFetchHttpClient() })),
  toIntegrationError,
  body,
  differs,
})

describe('toIntegrationError of Stripe', () => {
  it.each([
    [402, { type: 'card_error', code: 'card_declined' }, { code: 'invalid_request', reason: 'card_error' }],
    [400, { type: 'idempotency_error' }, { code: 'idempotency_conflict' }],
    [409, { type: 'invalid_request_error', code: 'idempotency_key_in_use' }, { code: 'conflict', reason: 'locked' }],
    [429, { type: 'invalid_request_error', code: 'lock_timeout' }, { code: 'conflict', reason: 'locked' }],
  ])('reads a %i of %o', async (status, error, expected) => {
    const url = await failingServer(answering(status, { 'request-id': 'req_1' }, JSON.stringify({ error })))
    expect(toIntegrationError(await caught(create(clientAt(url))))).toMatchObject({
      ...expected,
      delivery: 'answered',
      integration: 'stripe',
      upstream: { status, requestId: 'req_1' },
    })
  })

  it.each([
    ['is cut off', 'body_cut', { code: 'connection_lost', reason: 'truncated_body' }],
    ['stalls', 'body_stalls', { code: 'timeout', reason: 'body' }],
  ] as const)('knows by the request id that there was an answer, when its body %s', async (_, fault, expected) => {
    const url = await failingServer({ fault, headers: { 'request-id': 'req_1' }, body: {} })
    const error = await caught(create(clientAt(url, { timeout: 150 })))
    expect(toIntegrationError(error)).toMatchObject({ ...expected, delivery: 'answered' })
  })

  it('knows a webhook whose signature is wrong', async () => {
    const verify = clientAt('http://127.0.0.1:1').webhooks.constructEventAsync(canary, 't=1,v1=00', canary)
    expect(toIntegrationError(await caught(verify))).toMatchObject({ code: 'signature_invalid' })
  })
})
