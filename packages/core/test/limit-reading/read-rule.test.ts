import { describe, expect, it } from 'vitest'
import type { ExampleAnswer, RateLimitRule } from '../../src/index.ts'
import { readRule } from '../../src/limit-reading/read-rule.ts'

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0)

function read(rule: Partial<RateLimitRule>, { status, headers, body }: Partial<ExampleAnswer>): unknown {
  const answer = { status: status ?? 200, headers: new Headers(headers), body }
  const reading = readRule({ id: 'main', scope: 'connection', ...rule }, answer, NOW)
  if (reading === undefined) return undefined
  const { policy: _policy, source: _source, ...numbers } = reading
  return numbers
}

describe('readRule', () => {
  it.each<[string, Partial<RateLimitRule>, Partial<ExampleAnswer>, object]>([
    [
      'a fraction, and what comes back per second',
      {
        used: { header: 'x-call-limit', of: 'numerator' },
        limit: { header: 'x-call-limit', of: 'denominator' },
        restorePerSecond: { value: 2 },
      },
      { headers: { 'x-call-limit': '40/40' } },
      { limit: 40, remaining: 0, restorePerSecond: 2, resetMs: 500 },
    ],
    [
      'one of several values in a header',
      {
        used: { header: 'limit-info', key: 'api-usage', of: 'numerator' },
        limit: { header: 'limit-info', key: 'api-usage', of: 'denominator' },
      },
      { headers: { 'limit-info': 'api-bursts=1/2, api-usage=4990/5000' } },
      { limit: 5_000, remaining: 10 },
    ],
    [
      'everything out of one header',
      {
        limit: { header: 'x-limit', key: 'total' },
        remaining: { header: 'x-limit', key: 'remaining' },
        reset: { header: 'x-limit', key: 'resets', format: 'delta_s' },
      },
      { headers: { 'x-limit': 'total=100; remaining=0; resets=41' } },
      { limit: 100, remaining: 0, resetMs: 41_000 },
    ],
    [
      'that the limit is used up, of an answer that names it',
      {
        when: { status: 429, header: 'x-reason', equals: 'burst' },
        remaining: { value: 0 },
        reset: { header: 'retry-after', format: 'delta_s' },
      },
      { status: 429, headers: { 'x-reason': 'burst', 'retry-after': '7' } },
      { remaining: 0, resetMs: 7_000 },
    ],
    [
      'a body',
      {
        remaining: { pointer: '/extensions/cost/throttleStatus/currentlyAvailable' },
        limit: { pointer: '/extensions/cost/throttleStatus/maximumAvailable' },
        restorePerSecond: { pointer: '/extensions/cost/throttleStatus/restoreRate' },
      },
      {
        body: {
          extensions: {
            cost: { throttleStatus: { maximumAvailable: 1000, currentlyAvailable: 954, restoreRate: 50 } },
          },
        },
      },
      { limit: 1_000, remaining: 954, restorePerSecond: 50 },
    ],
    [
      'how long a refused query has to wait for what it costs',
      {
        remaining: { pointer: '/available' },
        restorePerSecond: { pointer: '/rate' },
        cost: { pointer: '/cost' },
      },
      { body: { available: 60, rate: 50, cost: 101 } },
      { remaining: 60, restorePerSecond: 50, resetMs: 820 },
    ],
    [
      'a window after which everything is back',
      {
        limit: { header: 'x-limit' },
        remaining: { header: 'x-left' },
        windowMs: { value: 20_000 },
        resetMeans: 'full',
      },
      { headers: { 'x-limit': '40', 'x-left': '0' } },
      { limit: 40, remaining: 0, windowMs: 20_000, restorePerSecond: 2, resetMs: 500 },
    ],
    [
      'milliseconds that look like seconds',
      { reset: { header: 'x-reset', format: 'delta_ms' } },
      { headers: { 'x-reset': '350' } },
      { resetMs: 350 },
    ],
    [
      'the time of having everything back',
      {
        limit: { header: 'x-limit' },
        remaining: { header: 'x-left' },
        reset: { header: 'x-full', format: 'duration' },
        resetMeans: 'full',
      },
      { headers: { 'x-limit': '60', 'x-left': '0', 'x-full': '1m0s' } },
      { limit: 60, remaining: 0, restorePerSecond: 1, resetMs: 1_000 },
    ],
    [
      'what the provider documents besides what it sends',
      { remaining: { header: 'x-left' }, limit: { value: 30 }, windowMs: { value: 60_000 } },
      { headers: { 'x-left': '7' } },
      { limit: 30, remaining: 7, windowMs: 60_000 },
    ],
  ])('reads %s', (_, rule, answer, expected) => {
    expect(read(rule, answer)).toEqual(expected)
  })

  it('reads nothing of an answer that `when` leaves out, or that says nothing', () => {
    const rule: Partial<RateLimitRule> = {
      when: { header: 'x-resource', equals: 'search' },
      remaining: { header: 'x-left' },
    }
    expect(read(rule, { headers: { 'x-left': '7', 'x-resource': 'core' } })).toBeUndefined()
    expect(read(rule, { headers: { 'x-resource': 'search' } })).toBeUndefined()
    expect(read(rule, { headers: { 'x-left': '7', 'x-resource': 'search' } })).toEqual({ remaining: 7 })
  })

  it('does not read a value that is not written in the format', () => {
    expect(read({ reset: { header: 'x', format: 'epoch_s' } }, { headers: { x: '6m0s' } })).toBeUndefined()
    expect(read({ reset: { header: 'x', format: 'duration' } }, { headers: { x: '6' } })).toBeUndefined()
  })
})
