import { isIntegrationError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { checkSecrets, decodeSecret, describeSecret } from '../../src/verify/secret-bytes.ts'

describe('decodeSecret', () => {
  test('takes the whole string as UTF-8 where the scheme says so', () => {
    expect(decodeSecret('whsec_é', { encoding: 'utf8' })).toEqual(new Uint8Array(Buffer.from('whsec_é')))
  })

  test('decodes base64 with and without the optional prefix', () => {
    const format = { encoding: 'base64', prefix: 'whsec_' } as const
    expect(decodeSecret('whsec_AQID', format)).toEqual(Uint8Array.of(1, 2, 3))
    expect(decodeSecret('AQID', format)).toEqual(Uint8Array.of(1, 2, 3))
  })

  test('decodes hexadecimal', () => {
    expect(decodeSecret('01ff', { encoding: 'hex' })).toEqual(Uint8Array.of(1, 255))
  })

  test.each([
    ['whsec_', { encoding: 'base64', prefix: 'whsec_' }],
    ['whsec_not base64', { encoding: 'base64', prefix: 'whsec_' }],
    ['xyz', { encoding: 'hex' }],
  ] as const)('finds no key in %j', (secret, format) => {
    expect(decodeSecret(secret, format)).toBeUndefined()
  })
})

describe('describeSecret', () => {
  test('says how a key is written', () => {
    expect(describeSecret({ encoding: 'base64', prefix: 'whsec_' })).toBe('a key in base64 after an optional `whsec_`')
    expect(describeSecret({ encoding: 'hex' })).toBe('a key in hexadecimal')
    expect(describeSecret({ encoding: 'utf8' })).toBe('a non-empty string')
  })
})

describe('checkSecrets', () => {
  test('returns the secrets', () => {
    expect(checkSecrets('secrets', ['a', 'b'])).toEqual(['a', 'b'])
  })

  test.each([
    [undefined, 'Expected `secrets` to be an array of at least one secret, got undefined.'],
    ['top-secret', 'Expected `secrets` to be an array of at least one secret, got a string.'],
    [[], 'Expected `secrets` to be an array of at least one secret, got an empty array.'],
    [
      ['top-secret', undefined],
      'Expected `secrets[1]` to be a non-empty string, got undefined. Is its environment variable set?',
    ],
    [[''], 'Expected `secrets[0]` to be a non-empty string, got an empty string.'],
    [[12_345], 'Expected `secrets[0]` to be a non-empty string, got a number.'],
    [[{ key: 'top-secret' }], 'Expected `secrets[0]` to be a non-empty string, got an object.'],
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
