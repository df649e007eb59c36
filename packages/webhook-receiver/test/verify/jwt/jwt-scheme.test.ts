import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JwtAlgorithm, JwtScheme } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { nodeHashes } from '../../../src/verify/node-hashes.ts'
import type { VerifiableRequest } from '../../../src/verify/verifiable-request.ts'
import { compileVerifier, createVerifier, type VerifierOptions } from '../../../src/verify/verifier.ts'
import { webHashes } from '../../../src/verify/web-hashes.ts'
import { connectorOf } from '../sample-connectors.ts'
import { signedParts, signedToken } from './signed-token.ts'
import { BODY, claims, NOW_S, pemOf, requestWith, scheme, SECRET, sha256, URL_OF_HOOK } from './token-requests.ts'

const verify = (request: VerifiableRequest, own: Partial<JwtScheme> = {}, options: Partial<VerifierOptions> = {}) =>
  createVerifier({ connector: connectorOf([merged(own)]), secrets: [SECRET], ...options }).verify(request)

const token = (own: object = {}): string => signedToken('HS256', SECRET, { ...claims, ...own })

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pairs: Readonly<Record<string, { publicKey: KeyObject; privateKey: KeyObject }>> = {
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
  EdDSA: generateKeyPairSync('ed25519'),
  Ed25519: generateKeyPairSync('ed25519'),
}
describe('jwtScheme', () => {
  test.each([
    ['node:crypto', nodeHashes()!],
    ['WebCrypto', webHashes()],
  ])('verifies and says what is bound, on %s', async (_name, hashes) => {
    const verifier = compileVerifier('', { connector: connectorOf([scheme]), secrets: [SECRET] }, hashes)
    expect(await verifier.verify(requestWith(token()))).toEqual({
      ok: true,
      scheme: 'jwt',
      bound: ['body', 'timestamp'],
      strength: 'signature',
      keyIndex: 0,
      claims,
    })
  })

  test('takes each part of a token in its one spelling', async () => {
    const [header = '', payload = '', signature = ''] = token().split('.')
    // 32 bytes are 43 characters, of whose last two bits mean nothing.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(signature.at(-1) ?? '')
    const strayed = signature.slice(0, -1) + (alphabet[last ^ 1] ?? '')
    expect(Buffer.from(strayed, 'base64url')).toEqual(Buffer.from(signature, 'base64url'))
    for (const wrong of [
      strayed,
      `${signature}=`,
      signature.replaceAll(/[-_]/g, ''),
      ` ${signature}`,
      `${signature}\n`,
    ]) {
      if (wrong === signature) continue
      expect(await verify(requestWith(`${header}.${payload}.${wrong}`)), wrong).toMatchObject({ ok: false })
    }
  })

  test.each(['HS256', 'HS384', 'HS512'] as const)('verifies %s with any of several secrets', async (algorithm) => {
    const signed = signedToken(algorithm, SECRET, claims)
    for (const [secrets, keyIndex] of [
      [[SECRET, 'other'], 0],
      [['other', SECRET], 1],
    ] as const) {
      expect(await verify(requestWith(signed), { algorithms: [algorithm] }, { secrets })).toMatchObject({
        ok: true,
        keyIndex,
      })
    }
  })

  test.each(Object.keys(pairs) as JwtAlgorithm[])(
    'verifies %s with a public key, and refuses a changed token',
    async (algorithm) => {
      const { privateKey, publicKey } = pairs[algorithm] as (typeof pairs)[string]
      const own = publicScheme([algorithm])
      const options = { secrets: [pemOf(publicKey)] }
      const signed = signedToken(algorithm, privateKey, claims)
      expect(await verify(requestWith(signed), own, options)).toMatchObject({
        ok: true,
        keyIndex: 0,
        strength: 'signature',
      })
      const [header, payload, signature = ''] = signed.split('.')
      const wrong = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
      expect(await verify(requestWith(wrong), own, options)).toMatchObject({ reason: 'mismatch' })
      const other = Buffer.from(JSON.stringify({ ...claims, iss: 'Evil' })).toString('base64url')
      expect(await verify(requestWith(`${header}.${other}.${signature}`), own, options)).toMatchObject({
        reason: 'mismatch',
      })
    },
  )

  test.each([
    ['none', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token().split('.')[1]}.`],
    ['an HMAC of another length', signedToken('HS512', SECRET, claims)],
    ['a public-key algorithm', signedToken('RS256', rsa.privateKey, claims)],
    ['the algorithm in lower case', signedToken('HS256', SECRET, claims, { alg: 'hs256' })],
  ])('refuses an algorithm that the connector does not allow: %s', async (_title, signed) => {
    expect(await verify(requestWith(signed))).toEqual({
      ok: false,
      code: 'signature_invalid',
      reason: 'unexpected_algorithm',
    })
  })

  test('never takes a public key for a shared secret, whatever the token says', async () => {
    const pem = pemOf(rsa.publicKey)
    const own: Partial<JwtScheme> = {
      ...publicScheme(['RS256']),
      algorithms: ['HS256', 'RS256'],
      secret: { encoding: 'utf8' },
    }
    const spki = rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    for (const key of [pem, pem.trim(), spki]) {
      const forged = signedToken('HS256', key, claims)
      expect(await verify(requestWith(forged), own, { secrets: [key] })).toMatchObject({ reason: 'mismatch' })
    }
    expect(
      await verify(requestWith(signedToken('RS256', rsa.privateKey, claims)), own, { secrets: [pem] }),
    ).toMatchObject({ ok: true })
    expect(await verify(requestWith(token()), own, { secrets: [pem, SECRET] })).toMatchObject({ ok: true, keyIndex: 1 })
  })

  test.each([
    ['no header', { headers: [] }, 'missing_header'],
    ['another scheme', { headers: [['authorization', `Basic ${token()}`]] }, 'malformed_signature'],
    [
      'two headers',
      {
        headers: [
          ['authorization', `Bearer ${token()}`],
          ['authorization', `Bearer ${token()}`],
        ],
      },
      'duplicate_header',
    ],
    ['an empty token', requestWith(''), 'malformed_signature'],
    ['two parts', requestWith('a.b'), 'malformed_signature'],
    ['four parts', requestWith(`${token()}.x`), 'malformed_signature'],
    ['a header that is no JSON', requestWith(`eA.${token().split('.').slice(1).join('.')}`), 'malformed_signature'],
    ['a header that is a list', requestWith(`W10.${token().split('.').slice(1).join('.')}`), 'malformed_signature'],
    ['a very long token', requestWith(`${token()}${'A'.repeat(20_000)}`), 'malformed_signature'],
    ['another signature', requestWith(token().replace(/\.[^.]+$/, `.${'A'.repeat(43)}`)), 'mismatch'],
    ['a token of another secret', requestWith(signedToken('HS256', 'other', claims)), 'mismatch'],
    ['a token of the empty secret', requestWith(signedToken('HS256', '', claims)), 'mismatch'],
    ['another body', { body: Buffer.from('{"a":"u"}') }, 'body_mismatch'],
    ['an empty body', { body: new Uint8Array(0) }, 'body_mismatch'],
    ['no hash', requestWith(token({ body: undefined })), 'missing_claim'],
    ['a hash that is no text', requestWith(token({ body: 1 })), 'body_mismatch'],
    ['half a hash', requestWith(token({ body: sha256(BODY).slice(32) })), 'body_mismatch'],
    ['a hash in base64', requestWith(token({ body: sha256(BODY, 'base64') })), 'body_mismatch'],
    [
      'claims that are no object',
      requestWith(signedParts('HS256', SECRET, `${token().split('.')[0]}.W10`)),
      'malformed_signature',
    ],
    [
      'claims that are not JSON',
      requestWith(signedParts('HS256', SECRET, `${token().split('.')[0]}.eA`)),
      'malformed_signature',
    ],
    [
      'an extension that must be understood',
      requestWith(signedToken('HS256', SECRET, claims, { crit: ['x'], x: 1 })),
      'malformed_signature',
    ],
    [
      'a payload that is not encoded',
      requestWith(signedToken('HS256', SECRET, claims, { crit: ['b64'], b64: false })),
      'malformed_signature',
    ],
    ['a time that is text', requestWith(token({ exp: 'never' })), 'malformed_timestamp'],
  ])('refuses %s', async (_title, own, reason) => {
    const request = { ...requestWith(token()), ...(own as Partial<VerifiableRequest>) }
    expect(await verify(request)).toEqual({ ok: false, code: 'signature_invalid', reason })
  })

  test('takes a hash in upper case, and one in base64url, by what the scheme says', async () => {
    expect(await verify(requestWith(token({ body: sha256(BODY).toUpperCase() })))).toMatchObject({ ok: true })
    for (const encoding of ['base64', 'base64url'] as const) {
      const own: Partial<JwtScheme> = { claims: { bodyHash: { name: 'body', hash: 'sha256', encoding } } }
      expect(await verify(requestWith(token({ body: sha256(BODY, encoding) })), own)).toMatchObject({ ok: true })
    }
  })

  test('lets a hash be absent only for an empty body, where the scheme allows it', async () => {
    const own: Partial<JwtScheme> = {
      claims: { bodyHash: { name: 'body', hash: 'sha256', encoding: 'hex', optional: true } },
    }
    const without = token({ body: undefined })
    expect(await verify(requestWith(without), own)).toMatchObject({ reason: 'missing_claim' })
    const empty = await verify(requestWith(without, { body: new Uint8Array(0) }), own)
    expect(empty).toMatchObject({ ok: true, strength: 'partial', bound: ['timestamp'] })
  })

  test('judges the times against the arrival, with leeway, and says stale only of what is authentic', async () => {
    const at = (seconds: number) => ({ receivedAt: (NOW_S + seconds) * 1000 })
    expect(await verify(requestWith(token(), at(119)))).toMatchObject({ ok: true })
    const stale = { ok: false, code: 'timestamp_stale', reason: 'stale_timestamp' }
    expect(await verify(requestWith(token(), at(120)))).toEqual(stale)
    expect(await verify(requestWith(token(), { ...at(120), body: new Uint8Array(1) }))).toMatchObject({
      reason: 'body_mismatch',
    })
    expect(await verify(requestWith(signedToken('HS256', 'other', claims), at(120)))).toMatchObject({
      reason: 'mismatch',
    })
    expect(await verify(requestWith(token({ nbf: NOW_S + 61 })))).toMatchObject({
      code: 'timestamp_stale',
      reason: 'future_timestamp',
    })
    expect(await verify(requestWith(token({ nbf: NOW_S + 60 })))).toMatchObject({ ok: true })
    expect(await verify(requestWith(token()), { leewayMs: 0 })).toMatchObject({ ok: true })
    expect(await verify(requestWith(token(), at(60)), { leewayMs: 0 })).toEqual(stale)
    expect(await verify(requestWith(token(), { receivedAt: Number.NaN }))).toMatchObject({ ok: false })
  })

  test('verifies a stored event a year later', async () => {
    vi.useFakeTimers({ now: (NOW_S + 31_536_000) * 1000 })
    try {
      expect(await verify(requestWith(token()))).toMatchObject({ ok: true })
    } finally {
      vi.useRealTimers()
    }
  })

  test('judges the age by iat, which must be there, in both directions', async () => {
    const own: Partial<JwtScheme> = { maxAgeMs: 300_000, leewayMs: 0 }
    const fresh = { exp: undefined }
    expect(await verify(requestWith(token({ ...fresh, iat: NOW_S - 300 })), own)).toMatchObject({ ok: true })
    expect(await verify(requestWith(token({ ...fresh, iat: NOW_S - 301 })), own)).toMatchObject({
      reason: 'stale_timestamp',
    })
    expect(await verify(requestWith(token({ ...fresh, iat: NOW_S + 1 })), own)).toMatchObject({
      reason: 'future_timestamp',
    })
    expect(await verify(requestWith(token({ ...fresh, iat: undefined })), own)).toMatchObject({
      reason: 'missing_claim',
    })
    const stricter = await verify(requestWith(token({ iat: NOW_S - 100 })), own, { toleranceMs: 50_000 })
    expect(stricter).toMatchObject({ reason: 'stale_timestamp' })
  })

  test('wants the issuer and the claims that the scheme wants', async () => {
    const own: Partial<JwtScheme> = { claims: { issuer: 'Example', requires: ['jti'] } }
    expect(await verify(requestWith(token({ jti: 'x' })), own)).toMatchObject({ ok: true, strength: 'partial' })
    expect(await verify(requestWith(token()), own)).toMatchObject({ reason: 'missing_claim' })
    expect(await verify(requestWith(token({ jti: 'x', iss: 'Evil' })), own)).toMatchObject({ reason: 'wrong_claim' })
    expect(await verify(requestWith(token({ jti: 'x', iss: undefined })), own)).toMatchObject({
      reason: 'missing_claim',
    })
    expect(await verify(requestWith(token({ jti: 'x', iss: ['Example'] })), own)).toMatchObject({
      reason: 'wrong_claim',
    })
  })

  test('compares the hash of the URL', async () => {
    const own: Partial<JwtScheme> = { claims: { urlHash: { name: 'url', hash: 'sha256', encoding: 'hex' } } }
    const signed = token({ url: sha256(URL_OF_HOOK) })
    expect(await verify(requestWith(signed), own)).toMatchObject({
      ok: true,
      bound: ['url', 'timestamp'],
      strength: 'partial',
    })
    expect(await verify(requestWith(signed, { url: 'https://hooks.example.com/in' }), own)).toMatchObject({
      reason: 'url_mismatch',
    })
    const { url: _url, ...unknown } = requestWith(signed)
    expect(await verify(unknown, own)).toMatchObject({ reason: 'missing_url' })
  })

  test('compares the audience with the URL, as URLs', async () => {
    const own: Partial<JwtScheme> = { claims: { audience: 'url' } }
    for (const aud of [URL_OF_HOOK, ['https://other.example', URL_OF_HOOK], 'HTTPS://Hooks.Example.com:443/in?x=1']) {
      expect(await verify(requestWith(token({ aud })), own)).toMatchObject({ ok: true, bound: ['url', 'timestamp'] })
    }
    for (const aud of ['https://hooks.example.com/', [], '', 1, null, 'hooks']) {
      expect(await verify(requestWith(token({ aud })), own)).toMatchObject({ reason: 'url_mismatch' })
    }
    expect(await verify(requestWith(token()), own)).toMatchObject({ reason: 'missing_claim' })
  })

  test('binds an event id in a claim, and one in a bound body', async () => {
    const inClaim = { eventId: { from: 'claim', name: 'jti', signed: true } } as const
    expect(await verify(requestWith(token({ jti: 'e1' })), inClaim)).toMatchObject({
      bound: ['body', 'timestamp', 'id'],
      claims: { jti: 'e1' },
    })
    expect(await verify(requestWith(token()), inClaim)).toMatchObject({ ok: true, bound: ['body', 'timestamp'] })
    const inBody = { eventId: { from: 'body', pointer: '/a', signed: true } } as const
    expect(await verify(requestWith(token()), inBody)).toMatchObject({ bound: ['body', 'timestamp', 'id'] })
    expect(await verify(requestWith(token()), { ...inBody, claims: {} })).toMatchObject({ bound: ['timestamp'] })
  })

  test('reads a token in the body', async () => {
    const own: Partial<JwtScheme> = { token: { from: 'body', pointer: '/token' }, claims: {} }
    const body = Buffer.from(JSON.stringify({ token: token() }))
    expect(await verify(requestWith('', { headers: [], body }), own)).toMatchObject({ ok: true })
  })

  test('never throws and never accepts, whatever the token', async () => {
    const verifier = createVerifier({ connector: connectorOf([scheme]), secrets: [SECRET] })
    const base64 = fc.string({ maxLength: 20 }).map((text) => Buffer.from(text).toString('base64url'))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ maxLength: 40 }),
          fc.tuple(base64, base64, base64).map((parts) => parts.join('.')),
          fc
            .tuple(fc.json(), fc.json())
            .map(([a, b]) => `${Buffer.from(a).toString('base64url')}.${Buffer.from(b).toString('base64url')}.`),
        ),
        async (text) => {
          expect(await verifier.verify(requestWith(text))).toMatchObject({ ok: false })
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('never throws, whatever the claims say', async () => {
    const verifier = createVerifier({
      connector: connectorOf([{ ...scheme, maxAgeMs: 1_000, claims: { audience: 'url', issuer: 'x' } }]),
      secrets: [SECRET],
    })
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          { aud: fc.jsonValue(), iss: fc.jsonValue(), iat: fc.jsonValue(), exp: fc.jsonValue(), nbf: fc.jsonValue() },
          { requiredKeys: [] },
        ),
        async (own) => {
          expect(await verifier.verify(requestWith(signedToken('HS256', SECRET, own)))).toHaveProperty('ok')
        },
      ),
      { numRuns: 500 },
    )
  })
})

/** The scheme with other members; without `secret` where no algorithm takes one. */
function merged(own: Partial<JwtScheme>): JwtScheme {
  const { secret, ...rest } = { ...scheme, ...own }
  const isShared = rest.algorithms.some((algorithm) => algorithm.startsWith('HS'))
  return { ...rest, ...(isShared && secret !== undefined && { secret }) }
}

/** The scheme with public keys only. */
function publicScheme(algorithms: readonly JwtAlgorithm[]): JwtScheme {
  const { secret: _secret, ...rest } = scheme
  return { ...rest, algorithms, key: { from: 'secret', format: 'pem' } }
}
