import type { HttpSignatureScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { HeaderPairs } from '../../../src/buffer/event-buffer.ts'
import { nodeHashes } from '../../../src/verify/node-hashes.ts'
import { nodeSignatures } from '../../../src/verify/node-signatures.ts'
import type { VerifiableRequest } from '../../../src/verify/verifiable-request.ts'
import { compileVerifier, type VerifierOptions } from '../../../src/verify/verifier.ts'
import { webHashes } from '../../../src/verify/web-hashes.ts'
import { webSignatures } from '../../../src/verify/web-signatures.ts'
import { connectorOf } from '../sample-connectors.ts'
import * as rfc from './rfc-9421-examples.ts'

const anyScheme: HttpSignatureScheme = {
  scheme: 'http-signature',
  algorithms: ['hmac-sha256', 'ed25519', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'rsa-pss-sha512', 'rsa-v1_5-sha256'],
  requires: [],
  secret: { encoding: 'base64' },
  key: { from: 'secret', format: 'pem' },
}
const secrets: VerifierOptions['secrets'] = [
  { value: rfc.rsaPssPublicKey, id: 'test-key-rsa-pss' },
  { value: rfc.p256PublicKey, id: 'test-key-ecc-p256' },
  { value: rfc.ed25519PublicKey, id: 'test-key-ed25519' },
  { value: rfc.sharedSecret, id: 'test-shared-secret' },
]

const platforms = [
  ['node:crypto', { hashes: nodeHashes()!, signatures: nodeSignatures()! }],
  ['WebCrypto', { hashes: webHashes(), signatures: webSignatures() }],
] as const

describe.each(platforms)('the examples of RFC 9421 on %s', (_name, { hashes, signatures }) => {
  const verify = (request: VerifiableRequest, scheme = anyScheme) =>
    compileVerifier('', { connector: connectorOf([scheme]), secrets }, hashes, { signatures }).verify(request)

  test.each([
    ['B.2.1 minimal', rfc.minimal, { keyIndex: 0, strength: 'partial', bound: ['timestamp'] }],
    [
      'B.2.2 selective',
      rfc.selective,
      { keyIndex: 0, strength: 'signature', bound: ['body', 'timestamp', 'header:content-digest', 'query:Pet'] },
    ],
    [
      'B.2.3 full',
      rfc.full,
      {
        keyIndex: 0,
        strength: 'signature',
        bound: [
          'body',
          'method',
          'url',
          'timestamp',
          'header:date',
          'header:content-type',
          'header:content-digest',
          'header:content-length',
        ],
      },
    ],
    ['B.2.5 hmac-sha256', rfc.shared, { keyIndex: 3, strength: 'partial', keyId: 'test-shared-secret' }],
    ['B.2.6 ed25519', rfc.ed25519, { keyIndex: 2, strength: 'partial', bound: expect.arrayContaining(['method']) }],
    ['B.3 TLS-terminating proxies', rfc.proxied, { keyIndex: 1, strength: 'partial' }],
    ['B.4 message transformations', rfc.transformed, { keyIndex: 2, strength: 'partial' }],
  ])('verifies %s', async (_title, request, expected) => {
    expect(await verify(request)).toMatchObject({ ok: true, scheme: 'http-signature', ...expected })
  })

  test('finds the key of each whatever their order, without ids', async () => {
    const values = [rfc.ed25519PublicKey, rfc.sharedSecret, rfc.p256PublicKey, rfc.rsaPssPublicKey]
    const verifier = compileVerifier('', { connector: connectorOf([anyScheme]), secrets: values }, hashes, {
      signatures,
    })
    for (const request of [rfc.minimal, rfc.full, rfc.shared, rfc.ed25519, rfc.proxied]) {
      expect(await verifier.verify(request)).toMatchObject({ ok: true })
    }
  })

  test('still verifies B.4 after the changes that the signature allows', async () => {
    const { headers } = rfc.transformed
    const joined = headers.filter(([name]) => name !== 'Accept').concat([['Accept', 'application/json, */*']])
    for (const request of [
      { ...rfc.transformed, headers: [...headers, ['X-Forwarded-For', '1']] satisfies HeaderPairs },
      { ...rfc.transformed, headers: joined },
      { ...rfc.transformed, headers: headers.filter(([name]) => name !== 'Date') },
      { ...rfc.transformed, url: 'https://example.org/demo' },
    ]) {
      expect(await verify(request)).toMatchObject({ ok: true })
    }
  })

  test('refuses B.4 after those that it does not', async () => {
    const { headers } = rfc.transformed
    const accepts = headers.filter(([name]) => name === 'Accept')
    const others = headers.filter(([name]) => name !== 'Accept')
    for (const request of [
      { ...rfc.transformed, method: 'POST' },
      { ...rfc.transformed, url: 'https://example.com/demo' },
      { ...rfc.transformed, url: 'https://example.org/DEMO' },
      { ...rfc.transformed, headers: [...others, ...accepts.toReversed()] },
      { ...rfc.transformed, headers: [...others, ...accepts.slice(1)] },
    ]) {
      expect(await verify(request)).toMatchObject({ ok: false, reason: 'mismatch' })
    }
  })

  test('refuses a body that does not fit its covered digest', async () => {
    const body = Buffer.from('{"hello": "World"}')
    expect(await verify({ ...rfc.full, body })).toEqual({
      ok: false,
      code: 'signature_invalid',
      reason: 'body_mismatch',
    })
    // What is not covered may be anything; the result says so.
    expect(await verify({ ...rfc.shared, body })).toMatchObject({ ok: true, strength: 'partial' })
  })
})
