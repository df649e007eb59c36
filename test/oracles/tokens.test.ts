import { createHash, createSecretKey } from 'node:crypto'
import { createRequire } from 'node:module'
import fusionauth from '@holdfast/adapters/connectors/fusionauth'
import livekit from '@holdfast/adapters/connectors/livekit'
import messagebird from '@holdfast/adapters/connectors/messagebird'
import netlify from '@holdfast/adapters/connectors/netlify'
import plaid from '@holdfast/adapters/connectors/plaid'
import vonage from '@holdfast/adapters/connectors/vonage'
import { generateWebhookKey } from '@holdfast/webhook-receiver/testing'
import fc from 'fast-check'
import { importPKCS8, SignJWT } from 'jose'
import { AccessToken, WebhookReceiver } from 'livekit-server-sdk'
import { describe, expect, test } from 'vitest'
import { awkwardTexts } from './awkward-bodies.ts'
import { type Delivery, describeOracle, NOW, type Oracle, useSigningTime, verifyDelivery } from './oracle-suite.ts'

const SECRET = 'a secret of the provider & more, of 32 bytes and over'
const API_KEY = 'APIkey'
const URL = 'https://hooks.example.com/in?shop=1'
const require = createRequire(import.meta.url)
const sha256 = (text: string, encoding: 'hex' | 'base64'): string => createHash('sha256').update(text).digest(encoding)

const { verify: verifyMessagebird } = require('messagebird/lib/webhook-signature-jwt') as {
  verify(url: string, body: Buffer, token: string, key: ReturnType<typeof createSecretKey>): Promise<boolean>
}

const livekitReceiver = new WebhookReceiver(API_KEY, SECRET)

const livekitOracle: Oracle = {
  library: 'livekit-server-sdk',
  connector: livekit,
  source: { secrets: ['a retired one', SECRET] },
  signWith: { key: SECRET, claims: { iss: API_KEY } },
  signature: 'authorization',
  from: '.',
  // It parses what it has verified: any text, in an event that it knows.
  sign: async (text) => {
    const body = JSON.stringify({ event: 'room_started', id: text })
    const token = new AccessToken(API_KEY, SECRET, { ttl: 300 })
    token.sha256 = sha256(body, 'base64')
    return { headers: { authorization: await token.toJwt() }, body }
  },
  accepts: ({ headers, body }) => livekitReceiver.receive(body, headers['authorization']),
}

const messagebirdKey = createSecretKey(Buffer.from(SECRET))

const messagebirdOracle: Oracle = {
  library: 'messagebird',
  connector: messagebird,
  source: { secrets: ['a retired one', SECRET] },
  signature: 'messagebird-signature-jwt',
  from: '.',
  sign: async (body, at) => {
    const token = await new SignJWT({ url_hash: sha256(URL, 'hex'), payload_hash: sha256(body, 'hex'), jti: 'one' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('MessageBird')
      .setNotBefore(at / 1000)
      .setExpirationTime(at / 1000 + 60)
      .sign(messagebirdKey)
    return { headers: { 'messagebird-signature-jwt': token }, body, url: URL }
  },
  accepts: ({ headers, body, url = '' }) =>
    verifyMessagebird(url, Buffer.from(body), headers['messagebird-signature-jwt'] ?? '', messagebirdKey),
}

for (const oracle of [livekitOracle, messagebirdOracle]) describeOracle(oracle)

describe('the messagebird connector and messagebird', () => {
  useSigningTime()

  test.each([
    ['too old', -120_000],
    ['from the future', 120_000],
  ])('refuse a token that is %s', async (_title, shiftMs) => {
    const delivery = await messagebirdOracle.sign('{}', NOW + shiftMs)
    expect((await verifyDelivery(messagebirdOracle, delivery)).ok).toBe(false)
    await expect(messagebirdOracle.accepts(delivery)).rejects.toThrow('invalid signature')
  })

  test('refuse another URL', async () => {
    const delivery = { ...(await messagebirdOracle.sign('{}', NOW)), url: `${URL}2` }
    expect(await verifyDelivery(messagebirdOracle, delivery)).toMatchObject({ reason: 'url_mismatch' })
    await expect(messagebirdOracle.accepts(delivery)).rejects.toThrow('url_hash')
  })
})

// Their providers have no library that verifies: jose, another hand's, signs as they document it.
describe.each([
  ['plaid', plaid, 'plaid-verification', 'ES256', (body: string) => ({ request_body_sha256: sha256(body, 'hex') })],
  [
    'fusionauth',
    fusionauth,
    'x-fusionauth-signature-jwt',
    'RS256',
    (body: string) => ({ request_body_sha256: sha256(body, 'base64') }),
  ],
  [
    'netlify',
    netlify,
    'x-webhook-signature',
    'HS256',
    (body: string) => ({ iss: 'netlify', sha256: sha256(body, 'hex') }),
  ],
  ['vonage', vonage, 'authorization', 'HS256', (body: string) => ({ payload_hash: sha256(body, 'hex') })],
] as const)('the %s connector and jose', async (name, connector, header, algorithm, claims) => {
  useSigningTime()

  const key = await generateWebhookKey({ connector, algorithm })
  const signingKey =
    key.privateKey === undefined ? new TextEncoder().encode(key.secret) : await importPKCS8(key.privateKey, algorithm)
  const prefix = name === 'vonage' ? 'Bearer ' : ''
  const sign = async (body: string, alg: string = algorithm): Promise<Delivery> => {
    const token = await new SignJWT(claims(body))
      .setProtectedHeader({ alg, ...(key.keyId !== undefined && { kid: key.keyId }) })
      .setIssuedAt(NOW / 1000)
      .sign(signingKey)
    return { headers: { [header]: prefix + token }, body }
  }
  const verify = (delivery: Delivery, receivedAt?: number) =>
    verifyDelivery({ connector, source: key.source }, delivery, receivedAt)

  test.each(awkwardTexts)('verify: %s', async (_title, text) => {
    expect(await verify(await sign(text))).toMatchObject({
      ok: true,
      bound: expect.arrayContaining(['body', 'timestamp']) as unknown,
    })
  })

  test('verify any body, and no other one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (body) => {
        const delivery = await sign(body)
        expect(await verify(delivery)).toMatchObject({ ok: true })
        expect(await verify({ ...delivery, body: `${body} ` })).toMatchObject({ reason: 'body_mismatch' })
      }),
      { numRuns: 25 },
    )
  })

  test('refuse a token without a signature, and one of a wrong character', async () => {
    const { headers, body } = await sign('{}')
    const [, payload = '', signature = ''] = (headers[header] ?? '').split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid: key.keyId })).toString('base64url')
    for (const token of [
      `${prefix}${none}.${payload}.`,
      (headers[header] ?? '').replace(
        signature,
        signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
      ),
    ])
      expect((await verify({ headers: { [header]: token }, body })).ok).toBe(false)
  })
})
