import { describe, expect, it } from 'vitest'
import { explain, integrationErrorOf, rateLimitOf } from '../../src/index.ts'
import { answer, harness, url } from './harness.ts'

function problem(status: number, type: string, policies: readonly string[], headers: Record<string, string> = {}) {
  const body = { type: `https://iana.org/assignments/http-problem-types#${type}`, 'violated-policies': policies }
  return answer(status, { 'content-type': 'application/problem+json', ...headers }, JSON.stringify(body))
}

describe('createFetch: a problem document about a limit', () => {
  it('ends a call whose daily quota is violated, and refuses those that follow', async () => {
    const policy = { 'ratelimit-policy': '"burst";q=10;w=1, "daily";q=1000;w=86400' }
    const { run, transport } = harness([problem(429, 'quota-exceeded', ['daily'], policy)])
    const response = await run()
    expect(transport.calls).toHaveLength(1)
    expect(integrationErrorOf(response)).toMatchObject({
      code: 'quota_exhausted',
      upstream: { violatedPolicies: ['daily'] },
    })
    expect(rateLimitOf(response)?.readings.map(({ policy: name, violated }) => [name, violated])).toEqual([
      ['burst', undefined],
      ['daily', true],
    ])
    await expect(run()).rejects.toMatchObject({ code: 'quota_exhausted', delivery: 'not_sent' })
  })

  it('has the call wait for what was violated, not for the longest of those it is told', async () => {
    const refused = problem(429, 'quota-exceeded', ['burst'], { ratelimit: '"burst";r=1;t=2, "daily";r=500;t=3000' })
    const { run, clock, heard } = harness([refused, answer(200)], { deadlineMs: 60_000 })
    expect((await run()).status).toBe(200)
    expect(heard.of('limit:paused')).toMatchObject([{ pauseMs: 2_000 }])
    expect(clock.monotonicMs()).toBeLessThan(5_000)
  })

  it('leaves the document for the caller to read', async () => {
    const { run } = harness([problem(429, 'quota-exceeded', ['daily'], { 'retry-after': '7200' })])
    expect(await (await run()).json()).toMatchObject({ 'violated-policies': ['daily'] })
  })

  it('waits 2 seconds at most for a document that does not end, and goes by the headers', async () => {
    const stalled = new ReadableStream<Uint8Array>({ start: (body) => body.enqueue(new TextEncoder().encode('{')) })
    const headers = { 'content-type': 'application/problem+json', 'retry-after': '7200' }
    const { run, clock } = harness([new Response(stalled, { status: 429, headers })], { attemptTimeoutMs: false })
    expect(integrationErrorOf(await run())).toMatchObject({ code: 'quota_exhausted', retryAfterMs: 7_200_000 })
    expect(clock.monotonicMs()).toBe(2_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('sends a POST again that reduced capacity turned away', async () => {
    const { run, transport } = harness([problem(503, 'temporary-reduced-capacity', []), answer(201)])
    expect((await run(url, { method: 'POST', body: '{}' })).status).toBe(201)
    expect(transport.calls).toHaveLength(2)
  })

  it('does not go on where its usage looks abnormal, unless it is told when', async () => {
    const { run, transport } = harness([problem(429, 'abnormal-usage-detected', ['hourly'])])
    expect(explain(await run())).toMatchObject({ stop: 'not_retryable', error: { reason: 'abnormal_usage' } })
    expect(transport.calls).toHaveLength(1)
    const told = harness([problem(429, 'abnormal-usage-detected', [], { 'retry-after': '5' }), answer(200)])
    expect((await told.run()).status).toBe(200)
  })
})
