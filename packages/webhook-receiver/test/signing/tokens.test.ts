import type { HttpSignatureAlgorithm, HttpSignatureScheme, JwtAlgorithm, JwtScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { httpAlgorithms } from '../../src/verify/http-signature/http-signature-keys.ts'
import { jwtKeyKinds } from '../../src/verify/jwt/jwt-keys.ts'
import { header, NOW, roundTrip } from './round-trip.ts'

const token: JwtScheme = {
  scheme: 'jwt',
  algorithms: ['HS256'],
  token: { from: 'header', name: 'authorization', format: { kind: 'plain', prefix: 'Bearer ' } },
  secret: { encoding: 'utf8' },
  claims: {
    bodyHash: { name: 'sha256', hash: 'sha256', encoding: 'base64' },
    urlHash: { name: 'url', hash: 'sha512', encoding: 'hex' },
    issuer: 'the provider',
    audience: 'url',
    requires: ['jti'],
  },
  maxAgeMs: 300_000,
}

describe('a token', () => {
  test.each(Object.keys(jwtKeyKinds) as readonly JwtAlgorithm[])(
    'is signed with %s, which jose verifies',
    async (algorithm) => {
      const { secret: _secret, ...rest } = token
      const keyed: JwtScheme =
        jwtKeyKinds[algorithm] === undefined
          ? token
          : { ...rest, key: { from: 'url', url: 'https://keys.example/jwks', kind: 'jwks' } }
      const { signed, verify } = await roundTrip([{ ...keyed, algorithms: [algorithm] }], { body: '{"a":1}' })
      expect(await verify(signed)).toMatchObject({ ok: true, bound: ['body', 'url', 'url', 'timestamp'] })
      expect(await verify({ ...signed, body: Uint8Array.of(0) })).toMatchObject({ reason: 'body_mismatch' })
      expect(await verify({ ...signed, url: 'https://elsewhere.example/' })).toMatchObject({ reason: 'url_mismatch' })
    },
  )

  test('has the id as a claim, claims of one’s own, and an age', async () => {
    const { signed, verify } = await roundTrip(
      [token],
      { id: 'evt_1', claims: { jti: 'mine' } },
      { eventId: { from: 'claim', name: 'event', signed: true } },
    )
    expect(await verify(signed)).toMatchObject({ ok: true, claims: { event: 'evt_1', jti: 'mine', iat: NOW / 1000 } })
    expect(await verify({ ...signed, receivedAt: NOW + 400_000 })).toMatchObject({ reason: 'stale_timestamp' })
  })

  test('is signed with the algorithm that the key is for', async () => {
    const scheme: JwtScheme = { ...token, algorithms: ['HS256', 'RS256'], key: { from: 'secret', format: 'pem' } }
    const { signed, verify } = await roundTrip([scheme], {}, {}, { algorithm: 'RS256' })
    const [head = ''] = (header(signed, 'authorization') ?? '').slice('Bearer '.length).split('.')
    expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({ alg: 'RS256', typ: 'JWT' })
    expect(await verify(signed)).toMatchObject({ ok: true })
    await expect(roundTrip([scheme], {}, {}, { algorithm: 'ES256' })).rejects.toThrow(
      "Expected `algorithm` to be 'HS256' | 'RS256', got `ES256`.",
    )
  })
})

const message: HttpSignatureScheme = {
  scheme: 'http-signature',
  algorithms: ['hmac-sha256'],
  requires: ['@method', '@target-uri', '@query-param;name="a"', 'content-digest', 'x-event'],
  requiresParameters: ['created', 'expires', 'nonce', 'alg', 'keyid', 'tag'],
  toleranceMs: 300_000,
  secret: { encoding: 'base64' },
}

describe('an HTTP message signature', () => {
  test.each(Object.keys(httpAlgorithms) as readonly HttpSignatureAlgorithm[])('is made with %s', async (algorithm) => {
    const { secret: _secret, ...rest } = message
    const keyed: HttpSignatureScheme =
      algorithm === 'hmac-sha256'
        ? message
        : { ...rest, key: { from: 'url', url: 'https://keys.example/jwks', kind: 'jwks' } }
    const { signed, verify } = await roundTrip([{ ...keyed, algorithms: [algorithm] }], { body: '{"a":1}' })
    expect(await verify(signed)).toMatchObject({
      ok: true,
      bound: ['body', 'method', 'url', 'timestamp', 'query:a', 'header:content-digest', 'header:x-event'],
      claims: { created: NOW / 1000, alg: algorithm },
    })
    expect(await verify({ ...signed, body: Uint8Array.of(0) })).toMatchObject({ reason: 'body_mismatch' })
    expect(await verify({ ...signed, method: 'PUT' })).toMatchObject({ reason: 'mismatch' })
  })

  test('is made with a secret of 32 bytes beside public keys, which is none of them', async () => {
    const { key, signed, verify } = await roundTrip([
      { ...message, algorithms: ['hmac-sha256', 'ed25519'], key: { from: 'secret', format: 'pem' } },
    ])
    expect(Buffer.from(key.secret ?? '', 'base64')).toHaveLength(32)
    expect(await verify(signed)).toMatchObject({ ok: true, claims: { alg: 'hmac-sha256' } })
  })

  test('bears label and tag of the scheme, and covers nothing else', async () => {
    const { signed, verify } = await roundTrip([
      { ...message, requires: ['@path'], requiresParameters: [], label: 'acme', tag: 'app' },
    ])
    expect(header(signed, 'signature-input')).toBe(`acme=("@path");created=${NOW / 1000};tag="app"`)
    expect(header(signed, 'content-digest')).toBeUndefined()
    expect(await verify(signed)).toMatchObject({ ok: true, strength: 'partial' })
  })
})
