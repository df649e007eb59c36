import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explain, type FetchOptions, isIntegrationError, rateLimitOf } from '../../src/index.ts'
import { answer, harness, rejectionOf, url } from './harness.ts'

const HOUR_MS = 3_600_000

/** Fields that say when to come back, in every spelling that is read. */
const fields = [
  'retry-after',
  'retry-after-ms',
  'ratelimit-reset',
  'x-ratelimit-reset',
  'x-rate-limit-reset',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-after',
  'anthropic-ratelimit-requests-reset',
  'x-ratelimit-requests-reset',
] as const

const number = fc.oneof(
  fc.constantFrom(
    '0',
    '-1',
    '-0',
    '1e308',
    'NaN',
    'Infinity',
    '-Infinity',
    '2160000',
    '2147483648',
    '99999999999999999999',
  ),
  // 25 days and more, in seconds and in milliseconds, and moments as seconds and as milliseconds.
  fc.integer({ min: 0, max: 10 ** 15 }).map(String),
  fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) }).map(String),
  fc.integer({ min: Date.UTC(2020, 0) / 1_000, max: Date.UTC(2030, 0) / 1_000 }).map(String),
  fc.double({ noNaN: false }).map(String),
)
const value = fc.oneof(
  number,
  fc.date({ min: new Date(0), max: new Date('2999-01-01'), noInvalidDate: true }).map((date) => date.toUTCString()),
  fc.date({ min: new Date(0), max: new Date('2999-01-01'), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.tuple(number, fc.constantFrom('ms', 's', 'm', 'h', 'd')).map(([amount, unit]) => `${amount}${unit}`),
  fc.string({ maxLength: 30, unit: 'grapheme-ascii' }),
)

const headers = fc
  .dictionary(fc.constantFrom(...fields), value, { minKeys: 1 })
  .chain((resets) =>
    fc.record({
      resets: fc.constant(resets),
      remaining: fc.option(fc.constantFrom('0', '1', '-5', '1e308', 'NaN', '999999999999999999999'), {
        nil: undefined,
      }),
      structured: fc.option(
        number.map((seconds) => `"default";r=0;t=${seconds}`),
        { nil: undefined },
      ),
    }),
  )
  .map(({ resets, remaining, structured }): Record<string, string> => {
    const all: Record<string, string> = { ...resets }
    if (remaining !== undefined)
      for (const prefix of ['ratelimit', 'x-ratelimit']) all[`${prefix}-remaining`] = remaining
    if (structured !== undefined) all.ratelimit = structured
    return all
  })
  .filter((all) => {
    try {
      return [...new Headers(all)].length > 0
    } catch {
      return false
    }
  })

const modes: readonly FetchOptions[] = [
  {},
  { rateLimit: { onLimit: 'fail' } },
  { rateLimit: false },
  { rateLimit: { maxWaitMs: 10_000 } },
]

describe('createFetch: an absurd wait', () => {
  it.each([429, 403, 503, 200])('is refused, not slept, whatever a %i says', async (status) => {
    await fc.assert(
      fc.asyncProperty(headers, fc.constantFrom(...modes), async (told, mode) => {
        const { fetch, clock } = harness([() => answer(status, told), () => answer(200)], {
          deadlineMs: false,
          attemptTimeoutMs: false,
          breaker: false,
          ...mode,
        })
        // `maxWaitMs` is about limits; a 503 is none.
        const hasMaximum = status !== 503 && mode.rateLimit !== false && mode.rateLimit?.maxWaitMs === 10_000
        const longestMs = hasMaximum ? 10_000 : HOUR_MS
        for (let call = 0; call < 2; call++) {
          const beganMs = clock.monotonicMs()
          const result: unknown = await clock.runUntil(fetch(url)).catch((error: unknown) => error)
          // The line behind the pause moves on in a few steps.
          expect(clock.monotonicMs() - beganMs).toBeLessThanOrEqual(longestMs + 1_100)
          if (!isIntegrationError(result)) continue
          expect(result.code).toMatch(/^(rate_limited|quota_exhausted)$/)
          expect(result.retryAfterMs).toBeGreaterThan(0)
          expect(Number.isInteger(result.retryAfterMs)).toBe(true)
          expect(result.retryAfterMs).toBeLessThanOrEqual(HOUR_MS + 1_100)
        }
        expect(clock.pendingTimers).toBe(0)
      }),
      { numRuns: 150 },
    )
  })

  it.each([
    ['25 days', '2160000', 2_160_000_000],
    ['more than any timer takes', '2147484', 2_147_484_000],
    ['a year', '31536000', 31_536_000_000],
  ])('tells how long: %s', async (_, seconds, retryAfterMs) => {
    const { run, clock } = harness([() => answer(429, { 'retry-after': seconds })], { deadlineMs: false })
    expect(explain(await run())?.error).toMatchObject({ code: 'quota_exhausted', retryAfterMs })
    expect(await rejectionOf(run())).toMatchObject({ code: 'quota_exhausted', retryAfterMs: HOUR_MS })
    expect(clock.monotonicMs()).toBe(0)
  })

  it('never makes a reading that is no number, negative or longer than a month', () => {
    fc.assert(
      fc.property(headers, (told) => {
        const limit = rateLimitOf(answer(200, told))
        for (const reading of limit?.readings ?? []) {
          for (const count of [
            reading.limit ?? 0,
            reading.remaining ?? 0,
            reading.resetMs ?? 0,
            reading.windowMs ?? 1,
          ]) {
            expect(count).toBeGreaterThanOrEqual(0)
            expect(count).toBeLessThan(Infinity)
          }
          expect(reading.resetMs ?? 0).toBeLessThanOrEqual(31 * 86_400_000)
        }
        for (const text of Object.values(limit?.headers ?? {})) expect(text).toMatch(/^\d+$/)
      }),
      { numRuns: 1_000 },
    )
  })
})
