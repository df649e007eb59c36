import { createHash } from 'node:crypto'
import { parse } from 'node:querystring'
import connector from '@holdfast/adapters/connectors/twilio'
import { createVerifier, type VerifyResult } from '@holdfast/webhook-receiver'
import fc from 'fast-check'
import twilio from 'twilio'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, bytesOf } from './awkward-bodies.ts'

const TOKEN = '12345678901234567890123456789012'
const FORM = 'application/x-www-form-urlencoded'
const verifier = createVerifier({ connector, secrets: ['retired token', TOKEN] })

async function verify(signature: string, url: string, body: string, type: string = FORM): Promise<VerifyResult> {
  const headers = [
    ['X-Twilio-Signature', signature],
    ['Content-Type', type],
  ] as const
  return await verifier.verify({ headers, url, body: bytesOf(body), receivedAt: 0 })
}

// Sorted as bytes and as JavaScript sorts text, these come in the same order.
const text = fc.string({ unit: fc.constantFrom(...Array.from('abA01 +%&=~\'()*!,;:/?#[]@$-_.\r\n\\"<>^`{|}é€😀')) })
const fields = fc.array(fc.tuple(fc.oneof(fc.constantFrom('Body', 'From', 'MediaUrl'), text), text), { maxLength: 8 })
const spelling = fc.constantFrom<(value: string) => string>(
  encodeURIComponent,
  (value) => encodeURIComponent(value).replaceAll('%20', '+'),
  (value) => encodeURIComponent(value).replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
)

const form = fc
  .tuple(fields, spelling)
  .map(([pairs, spell]) => pairs.map(([name, value]) => `${spell(name)}=${spell(value)}`).join('&'))

const url = fc
  .record({
    scheme: fc.constantFrom('https://', 'http://'),
    credentials: fc.constantFrom('', 'user:pass@'),
    host: fc.constantFrom('example.com', 'a.example.com'),
    port: fc.constantFrom('', ':443', ':80', ':8080'),
    path: fc.constantFrom('/', '/sms', '/sms/', '/a%20b/%C3%A9', '/%7Euser'),
    query: fc.constantFrom('', '?a=1', '?b=2&a=1', "?note=it's", '?note=it%27s', '?a=%3A%2F', '?q=a+b&q=c'),
  })
  .map(({ scheme, credentials, host, port, path, query }) => scheme + credentials + host + port + path + query)

/** Another spelling of a URL, or another URL. */
const respelling = fc.constantFrom<(url: string) => string>(
  (signed) => signed.replace(/:(?:443|80)(?=\/|$|\?)/, ''),
  (signed) => signed.replace(/:\d+(?=\/|$|\?)/, ':8443'),
  (signed) => signed.replace(/(example\.com)(?=\/|$|\?)/, '$1:443'),
  (signed) => signed.replace('user:pass@', ''),
  (signed) => signed.replaceAll("'", '%27'),
  (signed) => signed.replaceAll('%27', "'"),
  (signed) => signed.replaceAll('+', '%20'),
  (signed) => signed.replace('%7E', '~'),
  (signed) => signed.replace('%3A%2F', ':/'),
  (signed) => signed.replace(/\/$/, ''),
  (signed) => `${signed}/`,
  (signed) => signed.replace('https://', 'http://'),
  (signed) => signed.replace('example.com', 'EXAMPLE.com'),
)

describe('the twilio connector', () => {
  test('verifies what twilio-node expects of any form and any URL', async () => {
    await fc.assert(
      fc.asyncProperty(form, url, async (body, signedUrl) => {
        const signature = getExpectedTwilioSignature(TOKEN, signedUrl, parse(body))
        expect(await verify(signature, signedUrl, body)).toMatchObject({ ok: true, keyIndex: 1 })
      }),
      { numRuns: 300 },
    )
  })

  test('takes every URL under which twilio-node finds the request authentic, and no other form', async () => {
    await fc.assert(
      fc.asyncProperty(form, form, url, respelling, async (body, otherBody, signedUrl, respell) => {
        const signature = getExpectedTwilioSignature(TOKEN, signedUrl, parse(body))
        const received = respell(signedUrl)
        for (const arrived of [body, otherBody]) {
          const theirs = twilio.validateRequest(TOKEN, signature, received, parse(arrived))
          expect((await verify(signature, received, arrived)).ok, `${signedUrl} as ${received}`).toBe(theirs)
        }
      }),
      { numRuns: 500 },
    )
  })

  test.each(awkwardTexts)('verifies a body under its hash as twilio-node does: %s', async (_title, body) => {
    const hash = createHash('sha256').update(body).digest('hex')
    const signedUrl = `https://example.com/sms?bodySHA256=${hash}`
    const signature = getExpectedTwilioSignature(TOKEN, signedUrl, {})
    for (const arrived of [body, `${body} `, body.slice(1)]) {
      const theirs = twilio.validateRequestWithBody(TOKEN, signature, signedUrl, arrived)
      expect((await verify(signature, signedUrl, arrived, 'application/json')).ok).toBe(theirs)
    }
  })

  test('joins the values of a name that comes several times as twilio-node does, each once and sorted', async () => {
    const signedUrl = 'https://example.com/sms'
    for (const body of ['a=2&a=1', 'a=1&b=3&a=2', 'a=1&a=1', 'a=&a=1', 'a=10&a=9']) {
      const signature = getExpectedTwilioSignature(TOKEN, signedUrl, parse(body))
      expect(await verify(signature, signedUrl, body)).toMatchObject({ ok: true })
    }
  })
})
