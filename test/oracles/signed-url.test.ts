import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import { signRequest as signContentful, verifyRequest as verifyContentful } from '@contentful/node-apps-toolkit'
import contentful from '@holdfast/adapters/connectors/contentful'
import hubspot from '@holdfast/adapters/connectors/hubspot'
import plivo from '@holdfast/adapters/connectors/plivo'
import { Signature } from '@hubspot/api-client'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  answersOf,
  type Delivery,
  describeOracle,
  NOW,
  type Oracle,
  useSigningTime,
  verifyDelivery,
} from './oracle-suite.ts'

const SECRET = 'a secret of the provider & more'
const LONG_SECRET = '0123456789abcdef'.repeat(4)
const URL = 'https://hooks.example.com/in?shop=1'
const secrets = ['a retired one', SECRET]
const FORM = 'application/x-www-form-urlencoded'
const require = createRequire(import.meta.url)

const { validateV3Signature } = require('plivo/dist/utils/v3Security') as {
  validateV3Signature(
    method: string,
    url: string,
    nonce: string,
    token: string,
    signature: string,
    form: Readonly<Record<string, string | readonly string[]>>,
  ): boolean
}

// --- HubSpot: three versions, told apart by headers.

const hubspotV3: Oracle = {
  library: '@hubspot/api-client, v3',
  connector: hubspot,
  source: { secrets },
  signature: 'x-hubspot-signature-v3',
  maxAgeMs: 300_000,
  sign: (body, at) => ({
    headers: {
      'x-hubspot-request-timestamp': String(at),
      'x-hubspot-signature-v3': hubspotSignature('v3', body, at),
    },
    body,
    url: URL,
  }),
  accepts: ({ headers, body, url = '' }) =>
    Signature.isValid({
      method: 'POST',
      signatureVersion: 'v3',
      signature: headers['x-hubspot-signature-v3'] ?? '',
      clientSecret: SECRET,
      requestBody: body,
      url,
      timestamp: Number(headers['x-hubspot-request-timestamp']),
    }),
}

function hubspotSignature(version: 'v1' | 'v2' | 'v3', requestBody: string, timestamp?: number): string {
  return Signature.getSignature('POST', version, {
    signature: '',
    clientSecret: SECRET,
    requestBody,
    url: URL,
    ...(timestamp !== undefined && { timestamp }),
  })
}

const hubspotDigest = (version: 'v1' | 'v2'): Oracle => ({
  library: `@hubspot/api-client, ${version}`,
  connector: hubspot,
  source: { secrets },
  signWith: { scheme: version === 'v2' ? 1 : 2 },
  signature: 'x-hubspot-signature',
  sign: (body) => ({
    headers: { 'x-hubspot-signature-version': version, 'x-hubspot-signature': hubspotSignature(version, body) },
    body,
    url: URL,
  }),
  accepts: ({ headers, body, url = '' }) =>
    Signature.isValid({
      method: 'POST',
      signatureVersion: version,
      signature: headers['x-hubspot-signature'] ?? '',
      clientSecret: SECRET,
      requestBody: body,
      url,
    }),
})

// --- Contentful: method, path, listed headers and body.

const contentfulOracle: Oracle = {
  library: '@contentful/node-apps-toolkit',
  connector: contentful,
  source: { secrets: [LONG_SECRET] },
  signature: 'x-contentful-signature',
  maxAgeMs: 30_000,
  sign: (body, at) => {
    const signed = signContentful(
      LONG_SECRET,
      contentfulRequest({ headers: { 'x-contentful-topic': 'Entry' }, body }),
      at,
    )
    return { headers: { 'x-contentful-topic': 'Entry', ...(signed as Record<string, string>) }, body, url: URL }
  },
  accepts: (delivery) => verifyContentful(LONG_SECRET, contentfulRequest(delivery), 30),
}

function contentfulRequest({ headers, body }: Delivery) {
  return { method: 'POST' as const, path: URL.slice(URL.indexOf('/in')), headers: { ...headers }, body }
}

for (const oracle of [hubspotV3, hubspotDigest('v1'), hubspotDigest('v2'), contentfulOracle]) describeOracle(oracle)

describe('the contentful connector and @contentful/node-apps-toolkit', () => {
  useSigningTime()

  test('spell paths and queries alike', async () => {
    for (const target of ['/in', '/in?', '/a b/é?x=y z&é=%20', '/in?a=1&b=2', '/%20/?q=%26']) {
      const canonical = { method: 'POST' as const, path: target, body: '{}', headers: {} }
      const headers = signContentful(LONG_SECRET, canonical, NOW) as Record<string, string>
      // As it arrives: each byte one character.
      const url = `https://hooks.example.com${Buffer.from(target).toString('latin1')}`
      const result = await verifyDelivery(contentfulOracle, { headers, body: '{}', url })
      expect([target, result.ok]).toEqual([target, true])
    }
  })
})

// --- Schemes that sign the fields of a form.

type Fields = readonly (readonly [string, string])[]

const fieldsOf = (fields: Fields): Record<string, string | string[]> => {
  const grouped: Record<string, string[]> = {}
  for (const [name, value] of fields) (grouped[name] ??= []).push(value)
  return Object.fromEntries(
    Object.entries(grouped).map(([name, values]) => [name, values.length === 1 ? values[0]! : values]),
  )
}
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,8}$/)
const formDelivery = (headers: Delivery['headers'], fields: Fields, url = URL): Delivery => ({
  headers: { 'content-type': FORM, ...headers },
  body: new URLSearchParams(fields as [string, string][]).toString(),
  url,
})

describe('the plivo connector and plivo', () => {
  useSigningTime()

  const NONCE = '05429567804466091622'
  const source = { connector: plivo, source: { secrets } }
  const accepts = ({ headers, url = '' }: Delivery, fields: Fields): boolean =>
    validateV3Signature('POST', url, NONCE, SECRET, headers['x-plivo-signature-v3'] ?? '', fieldsOf(fields))
  /** As Plivo documents it: sorted fields behind the URL, a dot, the nonce. The library verifies only. */
  const sign = (fields: Fields, base: string, url: string): Delivery => {
    const sorted = fields.toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    const message = `${base}${sorted.map(([key, value]) => key + value).join('')}.${NONCE}`
    const signature = createHmac('sha256', SECRET).update(message).digest('base64')
    return formDelivery({ 'x-plivo-signature-v3': signature, 'x-plivo-signature-v3-nonce': NONCE }, fields, url)
  }
  const ascii = fc.array(fc.tuple(name, fc.string()), { minLength: 1, maxLength: 6 })

  test('accept any form, with a query in the URL and without, and refuse it with one field more', async () => {
    await fc.assert(
      fc.asyncProperty(ascii, fc.boolean(), async (fields, hasQuery) => {
        const url = hasQuery ? 'https://hooks.example.com/in?b=2&a=1' : 'https://hooks.example.com/in'
        const base = hasQuery ? 'https://hooks.example.com/in?a=1&b=2.' : 'https://hooks.example.com/in?'
        const delivery = sign(fields, base, url)
        expect([(await verifyDelivery(source, delivery)).ok, accepts(delivery, fields)]).toEqual([true, true])
        const more: Fields = [...fields, ['One', 'more']]
        const forged = formDelivery(delivery.headers, more, url)
        expect([(await verifyDelivery(source, forged)).ok, accepts(forged, more)]).toEqual([false, false])
      }),
      { numRuns: 50 },
    )
  })

  test('accept one of two signatures in either order', async () => {
    const fields: Fields = [['CallUUID', '1']]
    const delivery = sign(fields, 'https://hooks.example.com/in?', 'https://hooks.example.com/in')
    const right = delivery.headers['x-plivo-signature-v3'] ?? ''
    for (const signature of [`AAAA,${right}`, `${right},AAAA`]) {
      const both = { ...delivery, headers: { ...delivery.headers, 'x-plivo-signature-v3': signature } }
      expect([(await verifyDelivery(source, both)).ok, accepts(both, fields)]).toEqual([true, true])
    }
  })
})

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

describe('where libraries differ from us', () => {
  useSigningTime()

  test('HubSpot’s library refuses a URL whose percent-encoding HubSpot has decoded before it signed', async () => {
    const signed = 'https://hooks.example.com/in?to=a:b'
    const received = 'https://hooks.example.com/in?to=a%3Ab'
    const value = createHmac('sha256', SECRET).update(`POST${signed}{}${NOW}`).digest('base64')
    const headers = { 'x-hubspot-request-timestamp': String(NOW), 'x-hubspot-signature-v3': value }
    expect(await answersOf(hubspotV3, { headers, body: '{}', url: received })).toEqual([true, false])
  })

  test('HubSpot’s library accepts a time far in the future', async () => {
    expect(await answersOf(hubspotV3, await hubspotV3.sign('{}', NOW + 86_400_000))).toEqual([false, true])
  })
})
