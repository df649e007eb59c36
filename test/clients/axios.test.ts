import { toIntegrationError } from '@holdfast/adapters/axios'
import { createFetch } from '@holdfast/core'
import axios from 'axios'
import { describe, expect, it } from 'vitest'
import { canary, caught, type ClientCall, describeClient } from './client-cases.ts'
import { answering, failingServer } from './failing-server.ts'

const callOver =
  (adapter: 'http' | 'fetch') =>
  ({ url, timeoutMs, signal }: ClientCall): Promise<unknown> =>
    axios.post(
      `/things?key=${canary}`,
      { secret: canary },
      {
        baseURL: url,
        adapter,
        timeout: timeoutMs,
        signal,
        headers: { authorization: `Bearer ${canary}` },
        responseType: 'json',
        transitional: { silentJSONParsing: false },
      },
    )

describeClient({ name: 'axios', call: callOver('http'), toIntegrationError })
describeClient({ name: 'axios over fetch', call: callOver('fetch'), toIntegrationError })

describe('toIntegrationError of axios', () => {
  it('names the endpoint without its query, and what the provider said', async () => {
    const url = await failingServer(
      answering(422, { 'x-request-id': 'req_1' }, '{"error":{"code":"bad_email","message":"No email."}}'),
    )
    const error = await caught(axios.post(`v1/users?key=${canary}`, {}, { baseURL: `${url}/` }))
    expect(toIntegrationError(error)).toMatchObject({
      endpoint: `POST ${url}/v1/users?…`,
      upstream: { status: 422, code: 'bad_email', message: 'No email.', requestId: 'req_1' },
    })
  })

  it('tells the deadline of a signal from a decision to stop', async () => {
    const url = await failingServer({ fault: 'hang' })
    const signal = AbortSignal.timeout(50)
    const error = await caught(axios.get(url, { signal }))
    expect(toIntegrationError(error)).toMatchObject({ code: 'canceled' })
    expect(toIntegrationError(error, { signal })).toMatchObject({ code: 'timeout', reason: 'total' })
  })

  it('knows its own time limit over createFetch, too', async () => {
    const url = await failingServer({ fault: 'hang' })
    const env = { fetch: createFetch({ deadlineMs: false, attemptTimeoutMs: false }) }
    const error = await caught(axios.get(url, { adapter: 'fetch', env, timeout: 50 }))
    expect(toIntegrationError(error)).toMatchObject({ code: 'timeout', reason: 'attempt', delivery: 'unknown' })
  })

  it('knows a body that is larger than allowed, on both ways', async () => {
    const url = await failingServer(answering(200, {}, JSON.stringify('x'.repeat(100))))
    const received = await caught(axios.get(url, { maxContentLength: 10 }))
    expect(toIntegrationError(received)).toMatchObject({ code: 'schema_mismatch', reason: 'too_large' })
    const sent = await caught(axios.post(url, 'x'.repeat(100), { maxBodyLength: 10 }))
    expect(toIntegrationError(sent)).toMatchObject({ code: 'invalid_request', reason: 'too_large' })
  })

  it('takes a redirect that leads in circles for a wrong setting', async () => {
    const url = await failingServer(answering(302, { location: '/' }, ''))
    expect(toIntegrationError(await caught(axios.get(url)))).toMatchObject({
      code: 'configuration_error',
      reason: 'redirect',
    })
    const manual = await caught(axios.get(url, { maxRedirects: 0 }))
    expect(toIntegrationError(manual)).toMatchObject({ code: 'configuration_error', reason: 'redirect' })
  })

  it('knows an address that cannot be called', async () => {
    const error = await caught(axios.get('gopher://127.0.0.1/'))
    expect(toIntegrationError(error)).toMatchObject({ code: 'configuration_error', delivery: 'not_sent' })
  })
})
