import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign, verify as verifyBytes } from 'node:crypto'
import httpMessageSignatures from '@holdfast/adapters/connectors/http-message-signatures'
import { createVerifier, type VerifyResult } from '@holdfast/webhook-receiver'
import { generateWebhookKey, signRequest } from '@holdfast/webhook-receiver/testing'
import fc from 'fast-check'
import { httpbis } from 'http-message-signatures'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, bytesOf } from './awkward-bodies.ts'
import { NOW, useSigningTime } from './oracle-suite.ts'

const KEY = Buffer.from('0123456789abcdef0123456789abcdef')
const ed25519 = generateKeyPairSync('ed25519')
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()

interface Algorithm {
  readonly name: string
  readonly secret: string
  readonly sign: (data: Buffer) => Buffer
}

const rsaPss = { padding: 6, saltLength: -1 }
const algorithms: readonly Algorithm[] = [
  {
    name: 'hmac-sha256',
    secret: KEY.toString('base64'),
    sign: (data) => createHmac('sha256', KEY).update(data).digest(),
  },
  { name: 'ed25519', secret: pem(ed25519.publicKey), sign: (data) => sign(null, data, ed25519.privateKey) },
  {
    name: 'ecdsa-p256-sha256',
    secret: pem(p256.publicKey),
    sign: (data) => sign('sha256', data, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' }),
  },
  {
    name: 'ecdsa-p384-sha384',
    secret: pem(p384.publicKey),
    sign: (data) => sign('sha384', data, { key: p384.privateKey, dsaEncoding: 'ieee-p1363' }),
  },
  { name: 'rsa-v1_5-sha256', secret: pem(rsa.publicKey), sign: (data) => sign('sha256', data, rsa.privateKey) },
  {
    name: 'rsa-pss-sha512',
    secret: pem(rsa.publicKey),
    sign: (data) => sign('sha512', data, { key: rsa.privateKey, ...rsaPss }),
  },
]

interface Message {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
}

async function signed(
  { name, sign: signData }: Algorithm,
  body: string,
  fields: readonly string[] = ['@method', '@target-uri', 'content-digest'],
): Promise<Message> {
  const headers = {
    'content-type': 'application/json',
    'content-digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:`,
  }
  const request = { method: 'POST', url: 'https://hooks.example.com/in?b=2&a=%20x', headers }
  const made = await httpbis.signMessage(
    {
      key: { id: 'k1', alg: name, sign: async (data) => signData(data) },
      name: 'sig-b1',
      fields: [...fields],
      params: ['created', 'keyid', 'alg', 'expires'],
      paramValues: { created: new Date(NOW), expires: new Date(NOW + 300_000) },
    },
    request,
  )
  return { ...request, headers: made.headers as Record<string, string>, body }
}

async function verify({ secret }: Pick<Algorithm, 'secret'>, message: Message): Promise<VerifyResult> {
  const { method, url, headers, body } = message
  const verifier = createVerifier({ connector: httpMessageSignatures, secrets: [secret] })
  return verifier.verify({ method, url, headers: Object.entries(headers), body: bytesOf(body), receivedAt: NOW })
}

describe.each(algorithms)('the http-message-signatures connector and http-message-signatures, $name', (algorithm) => {
  useSigningTime()

  test.each(awkwardTexts)('verify: %s', async (_title, text) => {
    expect(await verify(algorithm, await signed(algorithm, text))).toMatchObject({
      ok: true,
      bound: expect.arrayContaining(['body', 'method', 'url', 'timestamp']) as unknown,
    })
  })

  test('refuse another body, method or URL, and a wrong character of the signature', async () => {
    const message = await signed(algorithm, '{"a":1}')
    const signature = message.headers['Signature'] ?? ''
    const at = signature.indexOf(':') + 10
    const spoiled = signature.slice(0, at) + (signature[at] === 'A' ? 'B' : 'A') + signature.slice(at + 1)
    for (const [change, reason] of [
      [{ body: '{"a":2}' }, 'body_mismatch'],
      [{ method: 'PUT' }, 'mismatch'],
      [{ url: 'https://hooks.example.com/in?b=2' }, 'mismatch'],
      [{ headers: { ...message.headers, Signature: spoiled } }, 'mismatch'],
    ] as const)
      expect(await verify(algorithm, { ...message, ...change })).toMatchObject({ ok: false, reason })
  })
})

describe('the http-message-signatures connector and http-message-signatures', () => {
  useSigningTime()

  const [hmac] = algorithms as [Algorithm]

  test.each([
    ['@authority', '@path', '@query'],
    ['@scheme', '@request-target'],
    ['@target-uri', '@query-param;name="b"', '@query-param;name="a"'],
    ['content-type', 'content-digest;key="sha-256"'],
    ['content-type;bs', 'content-digest;sf'],
  ])('write every component alike: %s', async (...fields) => {
    const message = await signed(hmac, '{}', ['@method', 'content-digest', ...fields])
    expect(await verify(hmac, message)).toMatchObject({ ok: true })
  })

  test('verify any URL', async () => {
    await fc.assert(
      fc.asyncProperty(fc.webUrl({ withQueryParameters: true, validSchemes: ['https'] }), async (text) => {
        // As it goes over the wire; the library would sign an empty path, which no request has.
        const url = new URL(text).href
        const own = {
          method: 'POST',
          url,
          headers: { 'content-digest': `sha-256=:${createHash('sha256').update('').digest('base64')}:` },
        }
        const made = await httpbis.signMessage(
          {
            key: { id: 'k1', alg: 'hmac-sha256', sign: async (data) => hmac.sign(data) },
            fields: ['@method', '@target-uri', '@authority', '@path', '@query', 'content-digest'],
            paramValues: { created: new Date(NOW) },
          },
          own,
        )
        const message = { ...own, headers: made.headers as Record<string, string>, body: '' }
        expect([url, (await verify(hmac, message)).ok]).toEqual([url, true])
      }),
      { numRuns: 20 },
    )
  })

  test('the library verifies what our signer makes', async () => {
    const key = await generateWebhookKey({ connector: httpMessageSignatures, algorithm: 'ed25519' })
    const { method, url, headers } = await signRequest({
      connector: httpMessageSignatures,
      key,
      body: { a: 1 },
      timestamp: NOW,
    })
    const [publicKey = ''] = key.source.secrets
    const accepted = await httpbis.verifyMessage(
      {
        keyLookup: async () => ({
          id: 'test-key',
          algs: ['ed25519'],
          verify: async (data, signature) => verifyBytes(null, data, publicKey, signature),
        }),
      },
      { method, url, headers: Object.fromEntries(headers) },
    )
    expect(accepted).toBe(true)
  })
})
