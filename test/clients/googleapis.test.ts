import { auth, drive_v3 } from '@googleapis/drive'
import { toIntegrationError } from '@holdfast/adapters/googleapis'
import { describe, expect, it } from 'vitest'
import { canary, caught, describeClient, expectNoCanary } from './client-cases.ts'
import { answering, failingServer } from './failing-server.ts'

const clientAt = (url: string, timeout = 5_000): drive_v3.Drive =>
  new drive_v3.Drive({ rootUrl: url, auth: canary, timeout, retry: false })

const create = (drive: drive_v3.Drive, signal?: AbortSignal): Promise<unknown> =>
  drive.files.create({ requestBody: { name: canary } }, { headers: { 'x-secret': canary }, ...(signal && { signal }) })

describeClient({
  name: 'googleapis',
  call: ({ url, timeoutMs, signal }) => create(clientAt(`${url}/`, timeoutMs), signal),
  toIntegrationError,
  body: (message) => ({ error: { code: 400, message, errors: [{ reason: 'other', message }] } }),
  // It comes back as text.
  differs: { 'a page with 200': 'skip' },
})

describe('toIntegrationError of googleapis', () => {
  it.each([
    ['userRateLimitExceeded', { code: 'rate_limited' }],
    ['dailyLimitExceeded', { code: 'quota_exhausted' }],
    ['sharingRateLimitExceeded', { code: 'rate_limited' }],
    ['forbidden', { code: 'permission_denied' }],
  ])('reads a 403 because of %s', async (reason, expected) => {
    const body = JSON.stringify({ error: { code: 403, message: 'No.', errors: [{ reason, message: 'No.' }] } })
    const url = await failingServer(answering(403, {}, body))
    const described = toIntegrationError(await caught(create(clientAt(`${url}/`))))
    expect(described).toMatchObject({ ...expected, delivery: 'answered', integration: 'google' })
    expect(described.endpoint).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/drive\/v3\/files/)
  })

  it('reads the reason of a google.rpc.ErrorInfo', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'SERVICE_DISABLED' }]
    const url = await failingServer(answering(403, {}, JSON.stringify({ error: { code: 403, details } })))
    expect(toIntegrationError(await caught(create(clientAt(`${url}/`))))).toMatchObject({
      code: 'configuration_error',
      reason: 'api_disabled',
      delivery: 'answered',
    })
  })

  it.each([
    [400, 'invalid_grant', { code: 'reauth_required' }],
    [401, 'invalid_client', { code: 'app_credentials_invalid' }],
  ])('reads a %i of the token endpoint with %s', async (status, error, expected) => {
    const url = await failingServer(answering(status, {}, JSON.stringify({ error, error_description: canary })))
    const client = new auth.OAuth2({
      clientId: 'id',
      clientSecret: canary,
      endpoints: { oauth2TokenUrl: `${url}/token` },
    })
    client.setCredentials({ refresh_token: canary })
    const described = toIntegrationError(await caught(client.getAccessToken()))
    expect(described).toMatchObject(expected)
    expectNoCanary(described)
  })

  it('knows the time limit of gaxios 7, which says of it no more than that it aborted', () => {
    const config = { signal: AbortSignal.abort(new DOMException('late', 'TimeoutError')) }
    const cause = Object.assign(new Error('The operation was aborted.'), { name: 'AbortError', type: 'aborted' })
    const error = Object.assign(new Error(cause.message, { cause }), { config, code: undefined, error: cause })
    expect(toIntegrationError(error)).toMatchObject({ code: 'timeout', reason: 'total', delivery: 'unknown' })
  })
})
