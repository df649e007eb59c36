import { toIntegrationError } from '@holdfast/adapters/ky'
import { createFetch } from '@holdfast/core'
import ky from 'ky'
import { describe, expect, it } from 'vitest'
import { canary, caught, describeClient } from './client-cases.ts'
import { answering, failingServer } from './failing-server.ts'

describeClient({
  name: 'ky',
  call: ({ url, timeoutMs, signal }) =>
    ky
      .post(`${url}/things?key=${canary}`, {
        json: { secret: canary },
        headers: { authorization: `Bearer ${canary}` },
        timeout: timeoutMs,
        signal,
        retry: 0,
      })
      .json(),
  toIntegrationError,
})

describe('toIntegrationError of ky', () => {
  it('names the endpoint without its query, and what the provider said', async () => {
    const url = await failingServer(answering(422, {}, '{"error":{"code":"bad_email","message":"No email."}}'))
    const error = await caught(ky.post(`${url}/v1/users?key=${canary}`, { retry: 0 }).json())
    expect(toIntegrationError(error)).toMatchObject({
      endpoint: `POST ${url}/v1/users?…`,
      upstream: { status: 422, code: 'bad_email', message: 'No email.' },
    })
  })

  it('knows an answer that a schema refuses', async () => {
    const url = await failingServer(answering(200, {}, '{}'))
    const schema = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'id is missing' }] }) },
    } as const
    const error = await caught(ky.get(url).json(schema))
    expect(toIntegrationError(error)).toMatchObject({ code: 'schema_mismatch', reason: 'validation' })
  })

  it('carries the attempts of a call that ran over createFetch', async () => {
    const url = await failingServer(answering(503, { 'retry-after': '0' }, '{}'))
    const fetch = createFetch({ connection: 'acme', retry: { maxAttempts: 2 }, breaker: false })
    const error = await caught(ky.get(`${url}/things`, { fetch, retry: 0 }).json())
    const described = toIntegrationError(error)
    expect(described).toMatchObject({ code: 'upstream_unavailable', endpoint: `GET ${url}/things` })
    expect(described.attempts.map(({ status }) => status)).toEqual([503, 503])
  })
})
