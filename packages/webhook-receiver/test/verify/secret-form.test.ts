import { describe, expect, test } from 'vitest'
import { decodeKey, keyForm } from '../../src/verify/secret-form.ts'

describe('decodeKey', () => {
  test('takes the whole string as UTF-8 where the scheme says so', () => {
    expect(decodeKey('whsec_é', { encoding: 'utf8' })).toEqual(new Uint8Array(Buffer.from('whsec_é')))
    expect(decodeKey('whsec_é', { encoding: 'utf8', startsWith: 'whsec_' })).toEqual(
      new Uint8Array(Buffer.from('whsec_é')),
    )
  })

  test('decodes base64 with and without the optional prefix', () => {
    const format = { encoding: 'base64', prefix: 'whsec_' } as const
    expect(decodeKey('whsec_AQID', format)).toEqual(Uint8Array.of(1, 2, 3))
    expect(decodeKey('AQID', format)).toEqual(Uint8Array.of(1, 2, 3))
  })

  test('decodes hexadecimal', () => {
    expect(decodeKey('01ff', { encoding: 'hex' })).toEqual(Uint8Array.of(1, 255))
  })

  test.each([
    ['whsec_', { encoding: 'base64', prefix: 'whsec_' }],
    ['whsec_not base64', { encoding: 'base64', prefix: 'whsec_' }],
    ['xyz', { encoding: 'hex' }],
    ['sk_live_1', { encoding: 'utf8', startsWith: 'whsec_' }],
  ] as const)('finds no key in %j', (secret, format) => {
    expect(decodeKey(secret, format)).toBeUndefined()
  })
})

describe('keyForm', () => {
  test('says how a key is written', () => {
    expect(keyForm({ encoding: 'base64', prefix: 'whsec_' }).description).toBe(
      'a key in base64 after an optional `whsec_`',
    )
    expect(keyForm({ encoding: 'hex' }).description).toBe('a key in hexadecimal')
    expect(keyForm({ encoding: 'utf8' }).description).toBe('a non-empty string')
    expect(keyForm({ encoding: 'utf8', startsWith: 'whsec_' }).description).toBe('a string that begins with `whsec_`')
  })
})
