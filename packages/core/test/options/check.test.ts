import { describe, expect, test } from 'vitest'
import { isIntegrationError } from '../../src/errors/integration-error.ts'
import { InvalidOptionsError } from '../../src/errors/invalid-options-error.ts'
import {
  arrayOf,
  boolean,
  callback,
  checkOptions,
  durationMs,
  either,
  integer,
  nonEmptyString,
  number,
  oneOf,
} from '../../src/options/check.ts'

const checks = { maxAttempts: integer({ min: 1 }), timeoutMs: durationMs({ infinity: true }), mode: oneOf('a', 'b') }

function failureOf(path: string, options: unknown): InvalidOptionsError {
  try {
    checkOptions(path, options, checks)
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error
    throw error
  }
  throw new Error('checkOptions did not throw')
}

describe('checkOptions', () => {
  test('accepts right values, and undefined as "use the default"', () => {
    expect(() => checkOptions('retry', { maxAttempts: 3, timeoutMs: Infinity, mode: undefined }, checks)).not.toThrow()
  })

  test('names the path, what was expected and what came', () => {
    const error = failureOf('retry', { maxAttempts: 0 })
    expect(error.message).toBe('Expected `retry.maxAttempts` to be an integer >= 1, got `0` (number).')
    expect(error).toMatchObject({ path: 'retry.maxAttempts', expected: 'an integer >= 1', received: 0 })
    expect(isIntegrationError(error, 'configuration_error')).toBe(true)
  })

  test('refuses an unknown option with the nearest name', () => {
    expect(failureOf('retry', { maxAttemps: 3 }).message).toContain('Did you mean `maxAttempts`?')
  })

  test('lists the known options when no name is near', () => {
    expect(failureOf('', { colour: 'red' }).message).toContain('Known options: maxAttempts, timeoutMs, mode.')
  })

  test.each([['constructor'], ['__proto__'], ['toString']])('refuses the inherited name %s as an option', (name) => {
    const options = Object.defineProperty({}, name, { value: 1, enumerable: true })
    expect(() => checkOptions('', options, checks)).toThrow(InvalidOptionsError)
  })

  test.each([
    [null, 'got `null`'],
    [[1], 'got an array of 1'],
    ['text', 'got `"text"` (string)'],
    [checkOptions, 'got a function'],
  ])('refuses %s in place of an object', (options, text) => {
    expect(failureOf('', options).message).toBe(`Expected \`options\` to be an object, ${text}.`)
  })

  test('shortens a long string', () => {
    expect(failureOf('', { mode: 'x'.repeat(500) }).message.length).toBeLessThan(140)
  })
})

describe('checks', () => {
  test.each([
    [integer({ min: 1, max: 3 }), [1, 2, 3], [0, 4, 1.5, Number.NaN, '1', Infinity]],
    [number({ min: 0 }), [0, 0.5], [-1, Infinity, Number.NaN, null]],
    [durationMs(), [0, 10.5], [-1, Infinity, '1s']],
    [durationMs({ infinity: true }), [Infinity], [-Infinity]],
    [boolean, [true, false], [0, 'true']],
    [nonEmptyString, ['a'], ['', 1]],
    [callback, [() => {}], [{}]],
    [oneOf('a', false), ['a', false], ['b', true]],
    [either(boolean, integer()), [true, 3], ['x', 1.5]],
    [arrayOf(nonEmptyString), [[], ['a']], [['a', ''], 'a']],
  ])('check %#', (check, right, wrong) => {
    for (const value of right) expect(check(value)).toBeUndefined()
    for (const value of wrong) expect(check(value)).toEqual(expect.any(String))
  })

  test('says both bounds of a range', () => {
    expect(integer({ min: 1, max: 3 })(0)).toBe('an integer from 1 to 3')
    expect(number({ max: 3, infinity: true })('x')).toBe('a number <= 3 (or Infinity)')
    expect(oneOf('a', 'b')('c')).toBe("'a' | 'b'")
  })
})
