import { createFetch, explain, type FetchOptions } from '@holdfast/core'
import ky, { HTTPError } from 'ky'
import { describe, expect, it } from 'vitest'
import { fastClock } from './fast-clock.ts'
import { scriptedServer } from './scripted-server.ts'

const options: FetchOptions = { clock: fastClock, deadlineMs: false, attemptTimeoutMs: false }

describe('ky over createFetch', () => {
  it('gets JSON through a rate limit, a reset and a 503', async () => {
    const server = await scriptedServer(
      { status: 429, headers: { 'ratelimit-reset': '1' } },
      { fault: 'reset' },
      { status: 503 },
      { body: { ok: true } },
    )
    const client = ky.create({ fetch: createFetch({ ...options, retry: { maxAttempts: 4 } }), retry: 0 })
    expect(await client.get(`${server.url}/things`).json()).toEqual({ ok: true })
    expect(server.requests).toHaveLength(4)
  })

  it('throws its own error with the response that createFetch explains', async () => {
    const server = await scriptedServer({ status: 404, body: { message: 'no' } })
    const client = ky.create({ fetch: createFetch(options), retry: 0 })
    const error: unknown = await client.get(server.url).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HTTPError)
    expect(explain((error as HTTPError).response)?.error?.code).toBe('not_found')
  })

  it('sends a body once, because it comes inside a Request', async () => {
    const server = await scriptedServer({ status: 503 })
    const client = ky.create({ fetch: createFetch(options), retry: 0, throwHttpErrors: false })
    const response = await client.put(server.url, { json: { a: 1 } })
    expect(response.status).toBe(503)
    expect(explain(response)?.stop).toBe('body_not_replayable')
    expect(server.requests.map(({ text }) => text)).toEqual(['{"a":1}'])
  })
})
