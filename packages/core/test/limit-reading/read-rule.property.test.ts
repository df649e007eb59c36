import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LimitField, RateLimitRule, ResetField } from '../../src/index.ts'
import { readRule } from '../../src/limit-reading/read-rule.ts'
import { headerValue, wallClock } from './header-values.ts'

const header = fc.constantFrom('x-a', 'x-b', 'x-c', 'retry-after')
const pointer = fc.constantFrom('', '/a', '/a/b', '/0')
const place = fc.oneof(
  { weight: 3, arbitrary: fc.record({ header }) },
  fc.record({ header, key: fc.constantFrom('a', 'b') }),
  fc.record({ pointer }),
)
const field: fc.Arbitrary<LimitField> = fc.oneof(
  fc
    .tuple(place, fc.constantFrom({}, { of: 'numerator' } as const, { of: 'denominator' } as const))
    .map(([from, of]) => ({ ...from, ...of })),
  fc.record({ value: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true })) }),
)
const reset: fc.Arbitrary<ResetField> = fc
  .tuple(place, fc.constantFrom('delta_s', 'delta_ms', 'epoch_s', 'epoch_ms', 'moment', 'duration'))
  .map(([from, format]) => ({ ...from, format }))

const rule: fc.Arbitrary<RateLimitRule> = fc.record(
  {
    id: fc.constant('main'),
    scope: fc.constant('connection' as const),
    limit: field,
    windowMs: field,
    remaining: field,
    used: field,
    reset,
    restorePerSecond: field,
    cost: field,
    actualCost: field,
    resetMeans: fc.constantFrom('window', 'full'),
    when: fc.constantFrom({ status: 429 }, { header: 'x-a' }, { pointer: '/a', matches: '1' }),
  },
  { requiredKeys: ['id', 'scope'] },
)
const answer = fc.record({
  status: fc.constantFrom(200, 429),
  fields: fc.dictionary(fc.oneof(header, fc.constantFrom('date', 'age')), headerValue, { maxKeys: 5 }),
  body: fc.oneof(fc.constant(undefined), fc.jsonValue(), fc.dictionary(fc.constantFrom('a', 'b'), headerValue)),
})

test('any rule makes of any answer finite numbers that are not negative, or nothing', () => {
  fc.assert(
    fc.property(rule, answer, wallClock, (given, { status, fields, body }, now) => {
      const reading = readRule(given, { status, headers: new Headers(fields), body }, now)
      if (reading === undefined) return
      const { policy, source, unit: _unit, violated: _violated, ...numbers } = reading
      expect(policy).toBe('main')
      expect(typeof source).toBe('string')
      for (const [name, number] of Object.entries(numbers))
        expect(Number.isFinite(number) && number >= 0, `${name} is ${number}`).toBe(true)
    }),
    { numRuns: 3_000 },
  )
})

test('a rule reads the number that is there, whatever bytes are in the other fields', () => {
  const told = fc.record({ remaining: fc.nat(), seconds: fc.nat({ max: 1_000_000 }), noise: headerValue })
  fc.assert(
    fc.property(told, wallClock, ({ remaining, seconds, noise }, now) => {
      const fields = { 'x-left': String(remaining), 'x-reset': String(seconds), 'x-limit': noise, date: noise }
      const given = {
        id: 'main',
        scope: 'connection',
        limit: { header: 'x-limit' },
        remaining: { header: 'x-left' },
        reset: { header: 'x-reset', format: 'delta_s' },
      } as const
      const reading = readRule(given, { status: 200, headers: new Headers(fields) }, now)
      expect(reading).toMatchObject({ remaining, resetMs: seconds * 1_000 })
    }),
  )
})
