import { describe, expect, test } from 'vitest'
import type { Connector } from '../../src/connectors/connector.ts'
import { classifyResponse } from '../../src/errors/classify-response.ts'
import { IntegrationError } from '../../src/errors/integration-error.ts'

type ProblemType = 'quota-exceeded' | 'temporary-reduced-capacity' | 'abnormal-usage-detected'

interface Refusal {
  readonly status?: number
  readonly type?: ProblemType
  readonly policies?: readonly string[]
  readonly headers?: Record<string, string>
}

function errorOf(refusal: Refusal, connector?: Connector): IntegrationError {
  const { status = 429, type = 'quota-exceeded', policies = [], headers = {} } = refusal
  const body = { type: `https://iana.org/assignments/http-problem-types#${type}`, 'violated-policies': policies }
  const failure = classifyResponse({ status, headers: new Headers(headers), body, now: 0 }, connector)
  if (failure === undefined) throw new Error('It was a success.')
  return new IntegrationError(failure)
}

const policies = { 'ratelimit-policy': '"burst";q=10;w=1, "hourly";q=100;w=3600, "daily";q=1000;w=86400' }

describe('classifyResponse of a limit problem', () => {
  test('says which policies were violated', () => {
    const { upstream, message } = errorOf({ policies: ['daily', 'bandwidth'] })
    expect(upstream?.violatedPolicies).toEqual(['daily', 'bandwidth'])
    expect(message).not.toContain('daily')
    expect(errorOf({}).upstream).not.toHaveProperty('violatedPolicies')
  })

  test.each([
    ['burst', 'rate_limited'],
    ['hourly', 'rate_limited'],
    ['daily', 'quota_exhausted'],
    ['unheard-of', 'rate_limited'],
  ])('takes a violation of %s for %s, by its window, where no time is told', (policy, code) => {
    expect(errorOf({ policies: [policy], headers: policies })).toMatchObject({ code })
  })

  test('goes by the longest of several that were violated', () => {
    expect(errorOf({ policies: ['burst', 'daily'], headers: policies }).code).toBe('quota_exhausted')
  })

  test('goes by the time that the answer tells, however long the window of what was violated is', () => {
    const soon = errorOf({ policies: ['daily'], headers: { ...policies, 'retry-after': '30' } })
    expect(soon).toMatchObject({ code: 'rate_limited', retryAfterMs: 30_000 })
    const reset = errorOf({ policies: ['daily'], headers: { ...policies, ratelimit: '"daily";r=0;t=60' } })
    expect(reset).toMatchObject({ code: 'rate_limited', retryAfterMs: 60_000 })
    const late = errorOf({ policies: ['burst'], headers: { ...policies, 'retry-after': '7200' } })
    expect(late).toMatchObject({ code: 'quota_exhausted', retryAfterMs: 7_200_000 })
  })

  test('waits for what was violated and not for what is used up beside it', () => {
    const ratelimit = '"burst";r=2;t=1, "hourly";r=0;t=1800'
    expect(errorOf({ policies: ['burst'], headers: { ratelimit } }).retryAfterMs).toBe(1_000)
    expect(errorOf({ policies: [], headers: { ratelimit } }).retryAfterMs).toBe(1_800_000)
  })

  test.each([403, 503])('is a limit with a %d as well', (status) => {
    expect(errorOf({ status })).toMatchObject({ code: 'rate_limited', retryable: 'after', status: 429 })
  })

  test('calls reduced capacity what it is, with the reset of what was violated alone', () => {
    const reduced = { status: 503, type: 'temporary-reduced-capacity' } as const
    const headers = { ratelimit: '"hourly";r=0;t=20, "daily";r=900;t=5000' }
    const expected = { code: 'upstream_unavailable', reason: 'reduced_capacity', fault: 'upstream', retryable: 'after' }
    expect(errorOf({ ...reduced, policies: ['hourly'], headers })).toMatchObject({ ...expected, retryAfterMs: 20_000 })
    expect(errorOf({ ...reduced, headers })).toMatchObject(expected)
    expect(errorOf({ ...reduced, headers }).retryAfterMs).toBeUndefined()
    expect(errorOf({ ...reduced, status: 429 })).toMatchObject({ code: 'rate_limited', reason: 'reduced_capacity' })
  })

  test('has what looks abnormal repeated only when the server says when', () => {
    const abnormal = { type: 'abnormal-usage-detected' } as const
    const expected = { code: 'rate_limited', reason: 'abnormal_usage' }
    expect(errorOf(abnormal)).toMatchObject({ ...expected, retryable: 'never' })
    expect(errorOf({ ...abnormal, headers: { 'retry-after': '9' } })).toMatchObject({ ...expected, retryable: 'after' })
    const rest = { ratelimit: '"burst";r=9;t=1' }
    expect(errorOf({ ...abnormal, headers: rest })).toMatchObject({ ...expected, retryable: 'never' })
  })

  test('leaves the word to a rule of the connector', () => {
    const rule = {
      when: { status: 429 },
      ['then' as const]: { code: 'conflict' as const },
      example: { status: 429 },
    }
    expect(errorOf({}, { id: 'acme', name: 'Acme', sources: [], errors: [rule] }).code).toBe('conflict')
  })
})
