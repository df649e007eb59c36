import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { acme, baseUrl, harness, json } from './harness.ts'

describe('json', () => {
  it.each([
    ['html', '<!doctype html><title>s3cret</title>', 'text/html'],
    ['html', '  <?xml version="1.0"?>', 'application/json'],
    ['not_json', '{"s3cret": 1', 'application/json'],
    ['not_json', 'ok', 'text/plain'],
    ['empty_body', '', 'application/json'],
    ['empty_body', ' \n', 'application/json'],
  ])('throws schema_mismatch %s for %o', async (reason, body, type) => {
    const { client, failure } = harness([new Response(body, { headers: { 'content-type': type } })], {
      connector: acme,
    })
    const error = await failure(client.get('/x').json())
    expect(error).toMatchObject({
      code: 'schema_mismatch',
      reason,
      phase: 'parse',
      delivery: 'answered',
      integration: 'acme',
      endpoint: `GET ${baseUrl}/x`,
      upstream: { status: 200 },
    })
    expect(error.message).toMatch(/^Acme answered 200, but not in the agreed shape: the body is /)
    expect(inspect(error)).not.toContain('s3cret')
    expect(error.attempts).toHaveLength(1)
  })

  it.each([204, 205])('is undefined for %i, which has no body', async (status) => {
    const { client, run } = harness([new Response(null, { status })])
    expect(await run(client.delete('/x').json())).toBeUndefined()
  })

  it('is undefined for HEAD', async () => {
    const { client, run } = harness([new Response(null)])
    expect(await run(client.head('/x').json())).toBeUndefined()
  })

  it('reads a body whatever its content type says', async () => {
    const { client, run } = harness([new Response('[1]')])
    expect(await run(client.get('/x').json())).toEqual([1])
  })

  it('throws what a rule of the connector says of a 200', async () => {
    const { client, failure } = harness([json({ ok: false, error: 'channel_not_found' })], { connector: acme })
    expect(await failure(client.post('/x', { json: {} }).json())).toMatchObject({
      code: 'invalid_request',
      reason: 'not_ok',
      upstream: { status: 200, code: 'channel_not_found' },
      attempts: [{ status: 200 }],
    })
  })

  it('does so when the Response is awaited first', async () => {
    const { client, run, failure } = harness([json({ ok: false })], { connector: acme })
    const response = await run(client.get('/x'))
    expect((await failure(response.json())).reason).toBe('not_ok')
  })

  it('leaves a 207 that the caller looks at', async () => {
    const { client, run } = harness([json([{ status: 409 }], 207)], { connector: acme })
    expect(await run(client.get('/x', { allowPartial: true }).json())).toEqual([{ status: 409 }])
  })

  it('leaves a 200 that no rule matches', async () => {
    const { client, run } = harness([json({ ok: true })], { connector: acme })
    expect(await run(client.get('/x').json())).toEqual({ ok: true })
  })
})
