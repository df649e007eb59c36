import type { HmacScheme, SignatureScheme, TokenScheme, VerificationScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { assignSecrets } from '../../src/verify/assign-secrets.ts'
import { checkSecrets, type WebhookSecret } from '../../src/verify/webhook-secret.ts'
import { BASE64_SECRET, listScheme, plainScheme } from './sample-connectors.ts'

const token: TokenScheme = { scheme: 'token', header: 'x-token' }
const { encoding, signature, message } = plainScheme
const publicKey: SignatureScheme = {
  scheme: 'signature',
  algorithm: 'ed25519',
  encoding,
  signature,
  message,
  key: { from: 'secret', format: 'raw', prefix: 'whpk_' },
}
// A point of Ed25519 is any 32 bytes, as far as its form goes.
const KEY = Buffer.alloc(32, 7).toString('base64')

/** The kinds of schemes that are used, with the indexes of their secrets. */
function assigned(schemes: readonly VerificationScheme[], ...secrets: readonly (string | WebhookSecret)[]) {
  return assignSecrets('secrets', checkSecrets('secrets', secrets), schemes).map(({ scheme, secrets: own }) => [
    scheme.scheme,
    own.map(({ keyIndex }) => keyIndex),
  ])
}

describe('assignSecrets', () => {
  test('gives a scheme every secret that it can read', () => {
    expect(assigned([plainScheme], 'one', 'two')).toEqual([['hmac', [0, 1]]])
  })

  test('tells a key from a token by its prefix', () => {
    expect(assigned([listScheme, token], 'a token', BASE64_SECRET)).toEqual([
      ['hmac', [1]],
      ['token', [0]],
    ])
  })

  test('tells a key from a token by what every key of the provider begins with', () => {
    const named: HmacScheme = { ...plainScheme, secret: { encoding: 'utf8', startsWith: 'whsec_' } }
    expect(assigned([named, token], 'a token', 'whsec_key')).toEqual([
      ['hmac', [1]],
      ['token', [0]],
    ])
  })

  test('leaves a scheme out that no secret is for', () => {
    expect(assigned([listScheme, token], BASE64_SECRET)).toEqual([['hmac', [0]]])
    expect(assigned([listScheme, token], 'a token')).toEqual([['token', [0]]])
  })

  test('keeps a scheme that takes none', () => {
    expect(assigned([{ scheme: 'none' }])).toEqual([['none', []]])
  })

  test('goes by the scheme that a secret names', () => {
    const schemes = [plainScheme, token]
    const secrets = [
      { value: 'a', scheme: 'token' },
      { value: 'b', scheme: 'hmac' },
    ] as const
    expect(assigned(schemes, ...secrets)).toEqual([
      ['hmac', [1]],
      ['token', [0]],
    ])
  })

  test('never takes a public key for a shared secret', () => {
    const utf8: HmacScheme = { ...plainScheme, secret: { encoding: 'utf8' } }
    expect(assigned([utf8, publicKey], `whpk_${KEY}`)).toEqual([['signature', [0]]])
    expect(() => assigned([utf8, publicKey], KEY)).toThrow(/could be either/)
    expect(assigned([utf8, publicKey], 'no key at all')).toEqual([['hmac', [0]]])
    expect(assigned([utf8, publicKey], { value: KEY, scheme: 'hmac' })).toEqual([['hmac', [0]]])
  })

  test('refuses a secret that nobody can read, by its index and without showing it', () => {
    const refusal = (): unknown => {
      try {
        return assigned([listScheme], BASE64_SECRET, 'whsec_*hush*')
      } catch (error) {
        return error
      }
    }
    expect(String(refusal())).toMatch(/secrets\[1\]/)
    expect(String(refusal())).not.toContain('hush')
    expect(() => assigned([{ scheme: 'none' }], 'a')).toThrow(/no scheme of the connector takes a secret/)
  })
})
