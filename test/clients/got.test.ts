import { toIntegrationError } from '@holdfast/adapters/got'
import got, { type Delays } from 'got'
import { describe, expect, it } from 'vitest'
import { canary, caught, describeClient } from './client-cases.ts'
import { answering, failingServer } from './failing-server.ts'

describeClient({
  name: 'got',
  call: ({ url, timeoutMs, signal }) =>
    got
      .post(`${url}/things?key=${canary}`, {
        json: { secret: canary },
        headers: { authorization: `Bearer ${canary}` },
        timeout: { request: timeoutMs },
        signal,
        retry: { limit: 0 },
      })
      .json(),
  toIntegrationError,
})

describe('toIntegrationError of got', () => {
  it('names the endpoint without its query, and what the provider said', async () => {
    const url = await failingServer(answering(422, {}, '{"error":{"code":"bad_email","message":"No email."}}'))
    const error = await caught(got.post(`${url}/v1/users?key=${canary}`, { retry: { limit: 0 } }).json())
    expect(toIntegrationError(error)).toMatchObject({
      endpoint: `POST ${url}/v1/users?…`,
      upstream: { status: 422, code: 'bad_email', message: 'No email.' },
    })
  })

  it.each<readonly [keyof Delays, object]>([
    ['response', { code: 'timeout', reason: 'headers', delivery: 'unknown' }],
    ['socket', { code: 'timeout', reason: 'attempt', delivery: 'unknown' }],
    ['request', { code: 'timeout', reason: 'total', delivery: 'unknown' }],
  ])('knows that the limit %s passed', async (limit, expected) => {
    const url = await failingServer({ fault: 'hang' })
    const error = await caught(got.get(url, { timeout: { [limit]: 50 }, retry: { limit: 0 } }))
    expect(toIntegrationError(error)).toMatchObject(expected)
  })

  it('knows that nothing was sent when a limit before that passed', async () => {
    const dnsLookup = (): void => {}
    const options = { dnsLookup: dnsLookup as never, timeout: { lookup: 50 }, retry: { limit: 0 } }
    const error = await caught(got.get('http://example.invalid', options))
    expect(toIntegrationError(error)).toMatchObject({ code: 'dns_error', delivery: 'not_sent' })
  })

  it('knows a body that stalls', async () => {
    const url = await failingServer({ fault: 'body_stalls', body: '{}' })
    const error = await caught(got.get(url, { timeout: { read: 50 }, retry: { limit: 0 } }).json())
    expect(toIntegrationError(error)).toMatchObject({ code: 'timeout', reason: 'body', delivery: 'answered' })
  })

  it('takes a redirect that leads in circles for a wrong setting', async () => {
    const url = await failingServer(answering(302, { location: '/' }, ''))
    expect(toIntegrationError(await caught(got.get(url)))).toMatchObject({
      code: 'configuration_error',
      reason: 'redirect',
    })
  })

  it('knows an address that cannot be called', async () => {
    const error = await caught(got.get('gopher://127.0.0.1/'))
    expect(toIntegrationError(error)).toMatchObject({ code: 'configuration_error', delivery: 'not_sent' })
  })
})
