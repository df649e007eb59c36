import { describe, expect, it } from 'vitest'
import { type Connector, explain, IntegrationError, integrationErrorOf } from '../../src/index.ts'
import { answer, connectionRefused, harness, rejectionOf } from './harness.ts'

const connector: Connector = {
  id: 'things',
  name: 'Things',
  sources: [{ url: 'https://docs.example.com', verifiedAt: '2026-01-01' }],
  errors: [
    {
      when: { status: 429, pointer: '/error/code', equals: 'insufficient_quota' },
      then: { code: 'quota_exhausted', reason: 'plan' },
      example: { status: 429, body: { error: { code: 'insufficient_quota' } } },
    },
  ],
}
const json = { 'content-type': 'application/json' }

describe('explain', () => {
  it('tells attempts and waits of a call that succeeded in the end', async () => {
    const { run } = harness([answer(503), answer(429, { 'retry-after': '1' }), answer(200)], { connection: 'acme' })
    const explanation = explain(await run())
    expect(explanation).toMatchObject({
      callId: 1,
      endpoint: 'GET https://api.example.com/v1/things?…',
      connection: 'acme',
      attempts: [
        { attempt: 1, status: 503, code: 'upstream_unavailable' },
        { attempt: 2, status: 429, code: 'rate_limited' },
        { attempt: 3, status: 200 },
      ],
      waits: [{ kind: 'backoff' }, { kind: 'rate_limit' }],
    })
    expect(explanation).not.toHaveProperty('stop')
    expect(explanation).not.toHaveProperty('error')
    expect(explanation?.attempts[2]?.waitedMs).toBeGreaterThan(1_000)
    expect(explanation?.durationMs).toBe(explanation?.waits.reduce((sum, { waitedMs }) => sum + waitedMs, 0))
  })

  it.each(['POST', 'PATCH', 'PUT'])('tells the key of a %s that succeeded at once', async (method) => {
    const idempotency = { methods: ['POST', 'PATCH'] }
    const { run, transport } = harness([answer(200)], { idempotency })
    const headers = method === 'PUT' ? { 'idempotency-key': 'mine' } : {}
    const response = await run(undefined, { method, headers })
    const key = transport.calls[0]?.headers.get('idempotency-key')
    expect(key).toMatch(/./)
    expect(explain(response)?.idempotencyKey).toBe(key)
  })

  it('knows nothing of what did not come from createFetch', () => {
    expect(explain(new Response())).toBeUndefined()
    expect(explain(new Error('x'))).toBeUndefined()
    expect(explain('a word')).toBeUndefined()
  })

  it('keeps the query of the URL to itself', async () => {
    const { run } = harness([answer(500)])
    const response = await run()
    expect(JSON.stringify([explain(response), integrationErrorOf(response)])).not.toContain('secret')
  })
})

describe('integrationErrorOf', () => {
  it('describes a failed response', async () => {
    const { run } = harness([answer(403)], { connector, connection: 'acme' })
    expect(integrationErrorOf(await run())).toMatchObject({
      code: 'permission_denied',
      integration: 'things',
      connection: 'acme',
      endpoint: 'GET https://api.example.com/v1/things?…',
      attempts: [{ status: 403 }],
    })
  })

  it('describes a thrown error and names it as the cause', async () => {
    const refused = connectionRefused()
    const { run } = harness([refused])
    const described = integrationErrorOf(await rejectionOf(run()))
    expect(described).toMatchObject({ code: 'connection_failed', delivery: 'not_sent', cause: refused })
    expect(described?.attempts).toHaveLength(3)
  })

  it('returns a refusal as it is', () => {
    const error = new IntegrationError({ code: 'circuit_open' })
    expect(integrationErrorOf(error)).toBe(error)
  })

  it('finds nothing wrong with a success', async () => {
    const { run } = harness([answer(200)])
    expect(integrationErrorOf(await run())).toBeUndefined()
  })

  it('describes responses and errors of anybody by what they show', () => {
    expect(integrationErrorOf(answer(404))).toMatchObject({ code: 'not_found', attempts: [] })
    expect(integrationErrorOf(connectionRefused())).toMatchObject({ code: 'connection_failed' })
    expect(integrationErrorOf(answer(204))).toBeUndefined()
  })

  it('reads the body of a failure where a rule of the connector asks for it, and leaves it to the caller', async () => {
    const body = JSON.stringify({ error: { code: 'insufficient_quota' } })
    const { run, transport } = harness([answer(429, { ...json, 'retry-after': '1' }, body)], { connector })
    const response = await run()
    expect(integrationErrorOf(response)).toMatchObject({ code: 'quota_exhausted', reason: 'plan' })
    expect(transport.calls).toHaveLength(1)
    expect(response.bodyUsed).toBe(false)
    expect(await response.text()).toBe(body)
  })

  it.each([
    ['is no JSON', '<html>'],
    ['is larger than 64 KiB', `"${'x'.repeat(70_000)}"`],
  ])('goes by the status when the body %s', async (_, body) => {
    const { run } = harness([answer(429, json, body)], { connector, retry: false })
    const response = await run()
    expect(integrationErrorOf(response)?.code).toBe('rate_limited')
    expect(await response.text()).toBe(body)
  })
})
