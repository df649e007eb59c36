import { isIntegrationError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { checkSecrets } from '../../src/verify/webhook-secret.ts'

describe('checkSecrets', () => {
  test('returns the secrets', () => {
    expect(checkSecrets('secrets', ['a', { value: 'b', id: 'second' }])).toMatchObject([
      { value: 'a', keyIndex: 0, notBefore: -Infinity, notAfter: Infinity },
      { value: 'b', keyIndex: 1, id: 'second' },
    ])
  })

  test.each([
    [
      ['top-secret', undefined],
      'Expected `secrets[1]` to be a non-empty string, got undefined. Is its environment variable set?',
    ],
    [[''], 'Expected `secrets[0]` to be a non-empty string, got an empty string.'],
    [[12_345], 'Expected `secrets[0]` to be a non-empty string, got a number.'],
    [
      [{ value: undefined }],
      'Expected `secrets[0].value` to be a non-empty string, got undefined. Is its environment variable set?',
    ],
    [
      [{ value: 'top-secret', notBefore: new Date(2000), notAfter: 2000 }],
      'Expected `secrets[0].notAfter` to be later than `notBefore` (2000), got `2000` (number).',
    ],
    [
      [{ value: 'top-secret', notAfter: Number.NaN }],
      'Expected `secrets[0].notAfter` to be milliseconds since the epoch or a valid `Date`, got `NaN` (number).',
    ],
    [[null], 'Expected `secrets[0]` to be a non-empty string, got null.'],
  ])('refuses %j and shows nothing of it', (secrets, message) => {
    const error = thrownBy(() => checkSecrets('secrets', secrets))
    expect(isIntegrationError(error, 'configuration_error')).toBe(true)
    expect((error as Error).message).toBe(message)
  })
})

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
