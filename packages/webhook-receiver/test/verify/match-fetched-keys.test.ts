import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { SignatureScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { HeaderPairs } from '../../src/buffer/event-buffer.ts'
import type { VerifiableRequest } from '../../src/verify/verifiable-request.ts'
import { createVerifier, type VerifierOptions } from '../../src/verify/verifier.ts'
import { intermediate, leaf, root } from './keys/certificates.ts'
import { connectorOf } from './sample-connectors.ts'

const NOW_S = 1_764_000_000
const body = new Uint8Array(Buffer.from('{"a":1}'))
const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

const base: SignatureScheme = {
  scheme: 'signature',
  algorithm: 'ed25519',
  encoding: 'base64',
  key: { from: 'secret', format: 'pem' },
  signature: { from: 'header', name: 'x-signature' },
  message: [{ part: 'timestamp' }, { part: 'literal', value: '.' }, { part: 'body' }],
  timestamp: { from: 'header', name: 'x-time', format: 'epoch_s', toleranceMs: 300_000 },
}

function requestOf(signature: string, body: Uint8Array, headers: HeaderPairs = []): VerifiableRequest {
  return {
    headers: [['X-Time', String(NOW_S)], ['X-Signature', signature], ...headers],
    body,
    receivedAt: NOW_S * 1000,
  }
}

describe('published keys', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const fetched: Partial<SignatureScheme> = {
    algorithm: 'rsa-sha256',
    key: {
      from: 'url',
      kind: 'pem',
      url: { from: 'header', name: 'x-key-url' },
      hosts: ['keys.example.com'],
      path: '/*.pem',
    },
  }
  const url = 'https://keys.example.com/a.pem'
  const keysOf = (text: string | undefined) => ({ fetchKey: async () => (text === undefined ? undefined : { text }) })
  const { secrets: _secrets, ...none } = { secrets: undefined }
  const rsaSigned = (message: string): string => sign('sha256', bytes(message), privateKey).toString('base64')
  const good = requestOf(rsaSigned(`${NOW_S}.{"a":1}`), body, [['X-Key-Url', url]])
  const verifier = (options: Partial<VerifierOptions>, own: Partial<SignatureScheme> = {}) =>
    createVerifier({ connector: connectorOf([{ ...base, ...fetched, ...own }]), ...none, ...options })

  test('needs no secret, and answers at once once it has the key', async () => {
    const own = verifier({ keys: keysOf(pemOf(publicKey)) })
    const expected = { ok: true, keyIndex: -1, keyId: url, strength: 'signature' }
    expect(await own.verify(good)).toMatchObject(expected)
    expect(own.verify(good)).toMatchObject(expected)
  })

  test('fetches nothing from where the connector does not allow', async () => {
    const requests: unknown[] = []
    const keys = { fetchKey: async (request: unknown) => void requests.push(request) }
    const own = verifier({ keys: keys as unknown as NonNullable<VerifierOptions['keys']> })
    for (const evil of [
      'https://evil.example/a.pem',
      'http://keys.example.com/a.pem',
      'https://keys.example.com@evil.example/a.pem',
      '',
    ]) {
      const headers: HeaderPairs = [...good.headers.slice(0, 2), ['x-key-url', evil]]
      expect(await own.verify({ ...good, headers })).toMatchObject({ reason: 'unknown_key' })
    }
    const twice: HeaderPairs = [...good.headers, ['x-key-url', url]]
    expect(await own.verify({ ...good, headers: twice })).toMatchObject({ reason: 'unknown_key' })
    expect(requests).toHaveLength(0)
  })

  test('refuses another key, one of another kind, and none', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    expect(await verifier({ keys: keysOf(pemOf(other)) }).verify(good)).toMatchObject({ reason: 'mismatch' })
    expect(
      await verifier({ keys: keysOf(pemOf(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey)) }).verify(
        good,
      ),
    ).toMatchObject({
      reason: 'mismatch',
    })
    expect(await verifier({ keys: keysOf(undefined) }).verify(good)).toMatchObject({ reason: 'unknown_key' })
    expect(await verifier({ keys: keysOf('no key') }).verify(good)).toMatchObject({
      code: 'upstream_unavailable',
      reason: 'key_unavailable',
    })
  })

  test("reads the key's id where the connector says, for instance in JSON in base64", async () => {
    const header = (kid: unknown): string =>
      Buffer.from(JSON.stringify({ kid, signature: rsaSigned('{"a":1}') })).toString('base64')
    const own: Partial<SignatureScheme> = {
      message: [{ part: 'body' }],
      signature: { from: 'header', name: 'x-signature', format: { kind: 'base64Json', pointer: '/signature' } },
      key: {
        from: 'url',
        kind: 'pem',
        pointer: '/key',
        url: 'https://api.example.com/keys/{keyId}',
        keyId: { from: 'header', name: 'x-signature', format: { kind: 'base64Json', pointer: '/kid' } },
        authorized: true,
      },
    }
    const urls: string[] = []
    const keys = {
      fetchKey: async ({ url: asked, authorized }: { url: string; authorized: boolean }) => {
        urls.push(`${asked} ${authorized}`)
        return { text: JSON.stringify({ key: pemOf(publicKey).replaceAll('\n', '') }) }
      },
    }
    const { timestamp: _timestamp, ...untimed } = base
    const connector = connectorOf([{ ...untimed, ...fetched, ...own } as SignatureScheme])
    const own2 = createVerifier({ connector, keys })
    expect(await own2.verify(requestOf(header('k-1'), body))).toMatchObject({ ok: true, keyId: 'k-1' })
    expect(urls).toEqual(['https://api.example.com/keys/k-1 true'])
    for (const kid of ['..', '', 'a b', 'x'.repeat(300), 1, null]) {
      expect(await own2.verify(requestOf(header(kid), body))).toMatchObject({ ok: false })
    }
    expect(urls).toHaveLength(1)
  })

  test('puts each secret in its place in the message', async () => {
    const own: Partial<SignatureScheme> = { message: [{ part: 'secret', after: '|' }, { part: 'body' }] }
    const request = requestOf(rsaSigned('WH-2|{"a":1}'), body, [['x-key-url', url]])
    const keys = keysOf(pemOf(publicKey))
    expect(await verifier({ keys, secrets: ['WH-1', 'WH-2'] }, own).verify(request)).toMatchObject({
      ok: true,
      keyIndex: 1,
    })
    expect(await verifier({ keys, secrets: ['WH-1'] }, own).verify(request)).toMatchObject({ reason: 'mismatch' })
    expect(() => verifier({ keys }, own)).toThrow('`secrets`')
  })

  test("refuses what is meant for somebody else, where the key is everybody's", async () => {
    const own: Partial<SignatureScheme> = { recipient: { from: 'body', pointer: '/a' } }
    const keys = keysOf(pemOf(publicKey))
    expect(await verifier({ keys, secrets: ['2', '1'] }, own).verify(good)).toMatchObject({
      ok: true,
      keyIndex: 1,
      keyId: url,
    })
    expect(await verifier({ keys, secrets: ['2'] }, own).verify(good)).toEqual({
      ok: false,
      code: 'signature_invalid',
      reason: 'wrong_recipient',
    })
    expect(() => verifier({ keys }, own)).toThrow('`secrets`')
  })

  test('judges a certificate by its name, its issuers and the arrival of the request', async () => {
    const own: Partial<SignatureScheme> = {
      key: { ...fetched.key, kind: 'x509', certificateNames: ['sns.amazonaws.com'] } as SignatureScheme['key'],
    }
    const keys = { ...keysOf(leaf + intermediate), trustedCertificates: [root] }
    // Somebody else has the private key of the certificate: that the signature is what fails shows that the rest does not.
    const within = { ...good, receivedAt: Date.UTC(2030, 0) }
    expect(await verifier({ keys }, own).verify(within)).toMatchObject({ reason: 'mismatch' })
    expect(await verifier({ keys }, own).verify({ ...good, receivedAt: 0 })).toMatchObject({ reason: 'unknown_key' })
    const unknown = { ...keysOf(leaf), trustedCertificates: [root] }
    expect(await verifier({ keys: unknown }, own).verify(within)).toMatchObject({ reason: 'key_unavailable' })
  })
})
