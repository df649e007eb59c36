import { generateKeyPairSync } from 'node:crypto'
import { InvalidOptionsError, type JwtScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { VerifiableRequest } from '../../../src/verify/verifiable-request.ts'
import { createVerifier, type VerifierOptions } from '../../../src/verify/verifier.ts'
import { connectorOf } from '../sample-connectors.ts'
import { signedToken } from './signed-token.ts'
import { claims, NOW_S, pemOf, requestWith, scheme, SECRET } from './token-requests.ts'

describe('the keys of a token', () => {
  const verify = (request: VerifiableRequest, own: Partial<JwtScheme> = {}, options: Partial<VerifierOptions> = {}) =>
    createVerifier({ connector: connectorOf([{ ...scheme, ...own }]), secrets: [SECRET], ...options }).verify(request)

  test('keeps to the keys of the id that the token names, where there are some', async () => {
    const signed = signedToken('HS256', SECRET, claims, { kid: 'mine' })
    const secrets = [
      { value: 'other', id: 'theirs' },
      { value: SECRET, id: 'mine' },
    ]
    expect(await verify(requestWith(signed), {}, { secrets })).toMatchObject({ ok: true, keyIndex: 1, keyId: 'mine' })
    const swapped = [
      { value: 'other', id: 'mine' },
      { value: SECRET, id: 'theirs' },
    ]
    expect(await verify(requestWith(signed), {}, { secrets: swapped })).toMatchObject({ reason: 'mismatch' })
    const named = signedToken('HS256', SECRET, claims, { kid: 'unknown' })
    expect(await verify(requestWith(named), {}, { secrets })).toMatchObject({ ok: true, keyIndex: 1 })
    expect(await verify(requestWith(signedToken('HS256', SECRET, claims, { kid: 1 })))).toMatchObject({
      reason: 'malformed_signature',
    })
  })

  test('takes a secret only while it is valid', async () => {
    const secrets = [{ value: SECRET, notAfter: NOW_S * 1000 }]
    expect(await verify(requestWith(signedToken('HS256', SECRET, claims)), {}, { secrets })).toMatchObject({
      reason: 'mismatch',
    })
    expect(
      await verify(
        requestWith(signedToken('HS256', SECRET, claims), { receivedAt: NOW_S * 1000 - 1 }),
        {},
        { secrets },
      ),
    ).toMatchObject({
      ok: true,
    })
  })
})

describe('published keys', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const own: Partial<JwtScheme> = {
    algorithms: ['ES256'],
    key: { from: 'url', url: 'https://x.example/jwks', kind: 'jwks' },
  }
  const jwks = (...keys: readonly object[]) => ({
    fetchKey: async () => ({ text: JSON.stringify({ keys }) }),
  })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' }
  const published = (keys: NonNullable<VerifierOptions['keys']>, header: object = { kid: 'k1' }) => {
    const { secret: _secret, ...rest } = { ...scheme, ...own }
    const request = requestWith(signedToken('ES256', privateKey, claims, header))
    return createVerifier({ connector: connectorOf([rest]), keys }).verify(request)
  }

  test('verifies with the key of the id', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ format: 'jwk' })
    expect(await published(jwks({ ...other, kid: 'k0' }, jwk))).toMatchObject({ ok: true, keyIndex: -1, keyId: 'k1' })
  })

  test('tries all of its kind where the token names none', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ format: 'jwk' })
    expect(await published(jwks({ ...other, kid: 'k0' }, jwk), {})).toMatchObject({ ok: true, keyId: 'k1' })
  })

  test('refuses an unknown key, and a key for another algorithm', async () => {
    expect(await published(jwks({ ...jwk, kid: 'k2' }))).toEqual({
      ok: false,
      code: 'signature_invalid',
      reason: 'unknown_key',
    })
    expect(await published(jwks({ ...jwk, alg: 'RS256' }))).toMatchObject({ reason: 'mismatch' })
    expect(await published(jwks(jwk), { kid: '../k1' })).toMatchObject({ reason: 'unknown_key' })
  })

  test('says that a repeat may succeed when the keys cannot be had', async () => {
    const keys = { fetchKey: () => Promise.reject(new Error('down')) }
    expect(await published(keys)).toEqual({
      ok: false,
      code: 'upstream_unavailable',
      reason: 'key_unavailable',
      retryAfterMs: expect.any(Number),
      cause: new Error('down'),
    })
  })

  test('needs no fetcher where the application gives the key itself', async () => {
    const { secret: _secret, ...rest } = { ...scheme, ...own }
    const request = requestWith(signedToken('ES256', privateKey, claims))
    const verifier = createVerifier({ connector: connectorOf([rest]), secrets: [pemOf(publicKey)] })
    expect(await verifier.verify(request)).toMatchObject({ ok: true, keyIndex: 0 })
  })

  test('says at construction that a fetcher or a URL is absent', () => {
    const { secret: _secret, ...rest } = { ...scheme, ...own }
    expect(() => createVerifier({ connector: connectorOf([rest]) })).toThrow(/`keys`.*createKeyFetcher/)
    const ownUrl: JwtScheme = { ...rest, key: { from: 'url', kind: 'jwks' } }
    expect(() => createVerifier({ connector: connectorOf([ownUrl]), keys: jwks() })).toThrow('`keyUrl`')
    for (const keyUrl of ['http://x.example/', 'x', 1]) {
      const options = { connector: connectorOf([ownUrl]), keys: jwks(), keyUrl: keyUrl as string }
      expect(() => createVerifier(options)).toThrow(InvalidOptionsError)
    }
    const keys = 'https://x.example' as unknown as NonNullable<VerifierOptions['keys']>
    expect(() => createVerifier({ connector: connectorOf([rest]), keys })).toThrow('`keys`')
  })

  test('asks for the URL that the application gave', async () => {
    const { secret: _secret, ...rest } = { ...scheme, ...own }
    const urls: string[] = []
    const keys = {
      fetchKey: async ({ url }: { readonly url: string }) => {
        urls.push(url)
        return { text: JSON.stringify({ keys: [jwk] }) }
      },
    }
    const verifier = createVerifier({
      connector: connectorOf([rest]),
      keys,
      keyUrl: 'https://own.example/keys/{keyId}',
    })
    await verifier.verify(requestWith(signedToken('ES256', privateKey, claims, { kid: 'k/1' })))
    expect(urls).toEqual(['https://own.example/keys/k%2F1'])
  })
})
