import { X509Certificate } from 'node:crypto'
import type { KeySource, SignatureAlgorithm, SignatureScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { signatureAlgorithms } from '../../src/verify/signature-provider.ts'
import { roundTrip } from './round-trip.ts'

const scheme: SignatureScheme = {
  scheme: 'signature',
  algorithm: 'ed25519',
  encoding: 'base64',
  signature: { from: 'header', name: 'x-signature' },
  timestamp: { from: 'header', name: 'x-time', format: 'epoch_s', toleranceMs: 300_000 },
  message: [{ part: 'timestamp', after: '.' }, { part: 'body' }],
  key: { from: 'secret', format: 'pem' },
}
const algorithms = Object.keys(signatureAlgorithms) as readonly SignatureAlgorithm[]

const published: readonly (readonly [string, KeySource])[] = [
  ['a set at one URL', { from: 'url', url: 'https://keys.example/jwks', kind: 'jwks' }],
  [
    'a key by its id',
    {
      from: 'url',
      url: 'https://keys.example/{keyId}',
      kind: 'jwk',
      pointer: '/key',
      keyId: { from: 'header', name: 'x-key' },
    },
  ],
  [
    'PEM in JSON, by an id that stands beside the signature',
    {
      from: 'url',
      url: 'https://keys.example/{keyId}',
      kind: 'pem',
      pointer: '/data/pem',
      keyId: { from: 'header', name: 'x-signature', format: { kind: 'base64Json', pointer: '/kid' } },
    },
  ],
  [
    'a certificate at a URL that the request says',
    {
      from: 'url',
      url: { from: 'header', name: 'x-cert-url' },
      hosts: ['sns.*.example.com'],
      path: '/Service-*.pem',
      kind: 'x509',
      certificateNames: ['sns.example.com'],
    },
  ],
  [
    'PEM at a path that the request says',
    {
      from: 'url',
      url: { from: 'header', name: 'x-key-path' },
      origin: 'https://static.example.com',
      path: '/prod/keys/*.pem',
      kind: 'pem',
    },
  ],
  ['PEM at a URL of the account', { from: 'url', kind: 'pem' }],
]

describe('a key that was generated', () => {
  test.each(algorithms)('signs with %s', async (algorithm) => {
    const { signed, verify } = await roundTrip([{ ...scheme, algorithm }], { body: { a: 1 } })
    expect(await verify(signed)).toMatchObject({ ok: true, bound: ['timestamp', 'body'] })
    expect(await verify({ ...signed, body: Uint8Array.of(...signed.body, 0x20) })).toMatchObject({ reason: 'mismatch' })
  })

  test('is another one each time', async () => {
    const [one, two] = [await roundTrip([scheme]), await roundTrip([scheme])]
    expect(await two.verify(one.signed)).toMatchObject({ reason: 'mismatch' })
  })

  test.each([
    ['r and s one after the other', { algorithm: 'ecdsa-p256-sha256', form: 'raw' }],
    ['a bare key in hexadecimal', { key: { from: 'secret', format: 'raw', encoding: 'hex' } }],
    ['a bare key with a prefix', { key: { from: 'secret', format: 'raw', prefix: 'whpk_' } }],
    ['SubjectPublicKeyInfo', { algorithm: 'rsa-sha256', key: { from: 'secret', format: 'spki' } }],
    ['a bare point', { algorithm: 'ecdsa-p384-sha384', key: { from: 'secret', format: 'raw' } }],
  ] as readonly (readonly [string, Partial<SignatureScheme>])[])(
    'is written as the provider does: %s',
    async (_title, own) => {
      const { signed, verify } = await roundTrip([{ ...scheme, ...own }])
      expect(await verify(signed)).toMatchObject({ ok: true })
    },
  )

  test.each(published)('is published where the connector looks for it: %s', async (_title, key) => {
    const isBase64Json = key.from === 'url' && key.keyId?.format !== undefined
    const signature = isBase64Json
      ? { ...scheme.signature, format: { kind: 'base64Json', pointer: '/signature' } as const }
      : scheme.signature
    const { signed, verify } = await roundTrip([{ ...scheme, algorithm: 'ecdsa-p256-sha256', key, signature }])
    expect(await verify(signed)).toMatchObject({ ok: true, bound: ['timestamp', 'body'] })
    expect(await verify({ ...signed, body: Uint8Array.of(0) })).toMatchObject({ reason: 'mismatch' })
  })

  test.each(['ed25519', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'rsa-sha256'] as const)(
    'has a certificate that Node.js reads: %s',
    async (algorithm) => {
      const key: KeySource = {
        from: 'url',
        url: 'https://keys.example/cert',
        kind: 'x509',
        certificateNames: ['keys.example'],
      }
      const { key: made, signed, verify } = await roundTrip([{ ...scheme, algorithm, key }])
      const document = await made.source.keys?.fetchKey({
        connector: 'sample',
        url: 'https://keys.example/cert',
        method: 'GET',
        authorized: false,
      })
      const certificate = new X509Certificate(document?.text ?? '')
      expect(certificate.verify(certificate.publicKey)).toBe(true)
      expect(certificate.checkHost('keys.example')).toBe('keys.example')
      expect(await verify(signed)).toMatchObject({ ok: true })
    },
  )

  test('comes with the recipient that the provider signs, in the body where it is not there', async () => {
    const key: KeySource = {
      from: 'url',
      url: 'https://keys.example/{keyId}',
      kind: 'pem',
      keyId: { from: 'header', name: 'x-key' },
    }
    const recipient = { from: 'body', pointer: '/topic/arn' } as const
    const { signed, verify } = await roundTrip([{ ...scheme, key, recipient }], {}, {}, { secret: 'arn:topic' })
    expect(signed.body).toEqual(new TextEncoder().encode('{"topic":{"arn":"arn:topic"}}'))
    expect(await verify(signed)).toMatchObject({ ok: true, keyIndex: 0 })
    const foreign = await roundTrip([{ ...scheme, key, recipient }], { body: { topic: { arn: 'of somebody else' } } })
    expect(await foreign.verify(foreign.signed)).toMatchObject({ reason: 'wrong_recipient' })
  })

  test('comes with the secret that stands in what is signed', async () => {
    const key: KeySource = { from: 'url', url: 'https://keys.example/pem', kind: 'pem' }
    const {
      key: made,
      signed,
      verify,
    } = await roundTrip([{ ...scheme, key, message: [{ part: 'secret' }, { part: 'body' }] }])
    expect(made.source.secrets).toEqual([made.secret])
    expect(await verify(signed)).toMatchObject({ ok: true, keyIndex: 0 })
  })
})
