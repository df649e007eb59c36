import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limitProblemOf, mayBeLimitProblem } from '../../src/limit-reading/limit-problem.ts'
import { readRateLimit, readRateLimits } from '../../src/limit-reading/read-rate-limits.ts'

const IANA = 'https://iana.org/assignments/http-problem-types#'
const quotaExceeded = (policies: unknown) => ({ type: `${IANA}quota-exceeded`, 'violated-policies': policies })

describe('limitProblemOf', () => {
  it.each(['quota-exceeded', 'temporary-reduced-capacity', 'abnormal-usage-detected'] as const)('knows %s', (type) => {
    const names = ['daily', 'bandwidth']
    expect(limitProblemOf({ type: IANA + type, 'violated-policies': names })).toEqual({ type, violatedPolicies: names })
    expect(limitProblemOf({ type: `${IANA.replace('//', '//www.')}${type}` })).toEqual({ type, violatedPolicies: [] })
  })

  it.each([
    { type: 'about:blank', 'violated-policies': ['daily'] },
    { type: `${IANA}quota-exceeded-too` },
    { type: 'https://iana.org.example/assignments/http-problem-types#quota-exceeded' },
    { type: 429 },
    { 'violated-policies': ['daily'] },
    [`${IANA}quota-exceeded`],
    `${IANA}quota-exceeded`,
    null,
    undefined,
  ])('knows nothing else: %j', (body) => {
    expect(limitProblemOf(body)).toBeUndefined()
  })

  it('takes over at most 16 names, and none that is no name or may be a secret', () => {
    const odd = ['per user', 'ghp_0123456789abcdefghijklmnopqrstuvwxyz', 7, null, 'a'.repeat(65), 'per-hour']
    expect(limitProblemOf(quotaExceeded(odd))?.violatedPolicies).toEqual(['per-hour'])
    expect(limitProblemOf(quotaExceeded(Array.from({ length: 99 }, String)))?.violatedPolicies).toHaveLength(16)
    expect(limitProblemOf(quotaExceeded('daily'))?.violatedPolicies).toEqual([])
  })

  it('reads any JSON value without throwing', () => {
    const body = fc.oneof(fc.jsonValue(), fc.jsonValue().map(quotaExceeded))
    fc.assert(
      fc.property(body, (value) => {
        const problem = limitProblemOf(value)
        expect(problem?.violatedPolicies.every((name) => /^[\w.:/-]{1,64}$/.test(name)) ?? true).toBe(true)
      }),
    )
  })
})

describe('mayBeLimitProblem', () => {
  const json = 'application/problem+json; charset=utf-8'
  it.each([
    [429, json, true],
    [503, json, true],
    [403, 'Application/Problem+JSON', true],
    [500, json, false],
    [404, json, false],
    [200, json, false],
    [429, 'application/json', false],
    [429, '', false],
  ])('of %d with %j is %s', (status, type, expected) => {
    expect(mayBeLimitProblem({ status, headers: new Headers(type === '' ? {} : { 'content-type': type }) })).toBe(
      expected,
    )
  })
})

describe('readRateLimits of a problem document', () => {
  const headers = new Headers({
    'ratelimit-policy': '"burst";q=10;w=1, "daily";q=1000;w=86400',
    ratelimit: '"burst";r=0;t=1, "daily";r=3;t=7200',
  })

  it('marks what was violated, which is then the tightest', () => {
    const answer = { status: 429, headers, body: quotaExceeded(['daily', 'unheard-of']) }
    expect(readRateLimits(answer, 0).map(({ policy, violated }) => [policy, violated])).toEqual([
      ['burst', undefined],
      ['daily', true],
    ])
    expect(readRateLimit(answer, 0)).toMatchObject({ limit: 1000, remaining: 3, resetMs: 7_200_000 })
  })

  it('marks nothing where the document names nothing', () => {
    const answer = { status: 429, headers, body: quotaExceeded([]) }
    expect(readRateLimits(answer, 0)).toEqual(readRateLimits({ status: 429, headers }, 0))
    expect(readRateLimit(answer, 0)).toMatchObject({ limit: 10, remaining: 0 })
  })
})
