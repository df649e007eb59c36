import { type HmacScheme, InvalidOptionsError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { HashProvider } from '../../src/verify/hash-provider.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { webHashes } from '../../src/verify/web-hashes.ts'
import type { VerifiableRequest } from '../../src/verify/verifiable-request.ts'
import { compileVerifier, createVerifier } from '../../src/verify/verifier.ts'
import {
  BASE64_SECRET,
  connectorOf,
  hmac,
  keyValueScheme,
  listScheme,
  plainScheme,
  SECRET,
  SIGNED_AT_S,
} from './sample-connectors.ts'

const NOW = SIGNED_AT_S * 1000
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

const awkwardBodies: readonly (readonly [string, Uint8Array])[] = [
  ['an empty body', new Uint8Array(0)],
  ['replacement patterns', bytes('{"note":"$& $$ $1 $` $\'"}')],
  ['invalid UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0xc0, 0x80, 0x7d])],
  ['a byte order mark', bytes('\ufeff{"a":1}')],
  ['a trailing CRLF', bytes('{"a":1}\r\n')],
  ['NUL bytes', new Uint8Array([0, 0, 0])],
  ['numbers that JSON would rewrite', bytes('{ "a": 1.0, "b": 1e3 }')],
]

const providers: readonly (readonly [string, HashProvider])[] = [
  ['node:crypto', nodeHashes() as HashProvider],
  ['WebCrypto', webHashes()],
]

describe.each(providers)('a verifier on %s', (_name, hashes) => {
  const verifierOf = (scheme: HmacScheme, secrets: readonly string[] = [SECRET]) =>
    compileVerifier('', { connector: connectorOf([scheme]), secrets }, hashes)

  test.each(awkwardBodies)('verifies %s byte for byte', async (_title, body) => {
    const verifier = verifierOf(plainScheme)
    expect(await verifier.verify(plainRequest(body))).toEqual({
      ok: true,
      scheme: 'hmac',
      bound: ['body'],
      strength: 'signature',
      keyIndex: 0,
    })
  })

  test('refuses a body of which any one bit differs', async () => {
    const verifier = verifierOf(plainScheme)
    const body = bytes('{"amount":100}')
    for (let index = 0; index < body.length; index++) {
      const request = plainRequest(body)
      const changed = Uint8Array.from(body)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(await verifier.verify({ ...request, body: changed })).toMatchObject({ ok: false, reason: 'mismatch' })
    }
  })

  test('refuses a signature with a wrong byte at any place', async () => {
    const verifier = verifierOf(plainScheme)
    const body = bytes('{}')
    const right = hmac('hex', SECRET, body)
    for (let index = 0; index < right.length; index++) {
      const wrong = right.slice(0, index) + (right[index] === '0' ? '1' : '0') + right.slice(index + 1)
      expect(await verifier.verify(requestOf(body, { 'x-signature': `sha256=${wrong}` }))).toMatchObject({
        ok: false,
        code: 'signature_invalid',
        reason: 'mismatch',
      })
    }
  })

  test('finds the fitting one of several signatures and secrets in any order, and says which secret it was', async () => {
    const body = bytes('{}')
    const signature = (key: string): string => hmac('hex', key, `${SIGNED_AT_S}.`, body)
    for (const secrets of [
      ['old', 'new'],
      ['new', 'old'],
    ]) {
      const verifier = verifierOf(keyValueScheme, secrets)
      for (const signers of [
        ['new', 'unknown'],
        ['unknown', 'new'],
      ]) {
        const header = `t=${SIGNED_AT_S},${signers.map((signer) => `v1=${signature(signer)}`).join(',')}`
        expect(await verifier.verify(requestOf(body, { 'x-kv': header }))).toMatchObject({
          ok: true,
          keyIndex: secrets.indexOf('new'),
        })
      }
    }
  })

  test('never accepts an HMAC made with the empty key or with another secret', async () => {
    const verifier = verifierOf(plainScheme, [SECRET, 'second'])
    const body = bytes('{}')
    for (const key of ['', 'undefined', 'null', 'third']) {
      const request = requestOf(body, { 'x-signature': `sha256=${hmac('hex', key, body)}` })
      expect(await verifier.verify(request)).toMatchObject({ ok: false, reason: 'mismatch' })
    }
  })
})

describe('createVerifier', () => {
  const plain = createVerifier({ connector: connectorOf([plainScheme]), secrets: [SECRET] })
  const keyValue = createVerifier({ connector: connectorOf([keyValueScheme]), secrets: [SECRET] })
  const list = createVerifier({ connector: connectorOf([listScheme]), secrets: [BASE64_SECRET] })

  test.each([
    [
      { headers: [], body: bytes('{}') },
      'Expected `request.receivedAt` to be milliseconds since the epoch, got `undefined`.',
    ],
    [
      { headers: [], body: bytes('{}'), receivedAt: new Date(NOW) },
      'Expected `request.receivedAt` to be milliseconds since the epoch',
    ],
    [
      { headers: { 'x-token': SECRET }, body: bytes('{}'), receivedAt: NOW },
      'Expected `request.headers` to be pairs of names and values, got another form.',
    ],
    [undefined, 'Expected `request.headers` to be pairs of names and values, got `undefined`.'],
    [null, 'Expected `request.headers` to be pairs of names and values, got `undefined`.'],
    [{ headers: null }, 'Expected `request.headers` to be pairs of names and values, got `null`.'],
  ])('throws for what is no request, instead of refusing it: %#', (request, message) => {
    expect(() => plain.verify(request as never)).toThrow(message)
  })

  test.each([
    [undefined, 'Expected `options` to be an object, got `undefined`.'],
    [
      { connector: connectorOf([plainScheme]), secrets: [SECRET], toleranceMS: 5000 },
      'Expected `toleranceMS` to be absent (there is no option `toleranceMS`), got a value of type number. Did you mean `toleranceMs`?',
    ],
  ])('refuses options that are none: %#', (options, message) => {
    expect(() => createVerifier(options as never)).toThrow(message)
  })

  test('verifies 25 MB', async () => {
    const body = new Uint8Array(25_000_000).fill(0x61)
    expect(await plain.verify(plainRequest(body))).toMatchObject({ ok: true })
  })

  test('accepts upper-case hexadecimal', async () => {
    const body = bytes('{}')
    const header = `sha256=${hmac('hex', SECRET, body).toUpperCase()}`
    expect(await plain.verify(requestOf(body, { 'x-signature': header }))).toMatchObject({ ok: true })
  })

  test('accepts base64 without padding', async () => {
    const request = listRequest(bytes('{}'))
    const headers = request.headers.map(([name, value]) => [name, value.replaceAll('=', '')] as const)
    expect(await list.verify({ ...request, headers })).toMatchObject({
      ok: true,
      bound: ['header:webhook-id', 'timestamp', 'body'],
    })
  })

  test('takes signed header bytes as they came', async () => {
    const body = bytes('{}')
    // What Node hands over for the UTF-8 bytes of "idé" on the wire.
    const wireId = Buffer.from('idé').toString('latin1')
    const key = Buffer.from(BASE64_SECRET.slice('whsec_'.length), 'base64')
    const signature = hmac('base64', key, `idé.${SIGNED_AT_S}.`, body)
    const headers = {
      'webhook-id': wireId,
      'webhook-timestamp': String(SIGNED_AT_S),
      'webhook-signature': `v1,${signature}`,
    }
    expect(await list.verify(requestOf(body, headers))).toMatchObject({ ok: true })
  })

  test.each([
    ['no signature header', {}, 'missing_header'],
    ['an empty signature header', { 'x-signature': '' }, 'malformed_signature'],
    ['a prefix alone', { 'x-signature': 'sha256=' }, 'malformed_signature'],
    ['another prefix', { 'x-signature': `sha1=${'0'.repeat(64)}` }, 'malformed_signature'],
    ['no hexadecimal', { 'x-signature': `sha256=${'z'.repeat(64)}` }, 'malformed_signature'],
    ['half a digest', { 'x-signature': `sha256=${'0'.repeat(32)}` }, 'malformed_signature'],
    ['a digest and a half', { 'x-signature': `sha256=${'0'.repeat(96)}` }, 'malformed_signature'],
    ['another digest', { 'x-signature': `sha256=${'0'.repeat(64)}` }, 'mismatch'],
  ])('refuses %s', async (_title, headers, reason) => {
    expect(await plain.verify(requestOf(bytes('{}'), headers))).toEqual({
      ok: false,
      code: 'signature_invalid',
      reason,
    })
  })

  test('refuses a plain signature that came twice, even the right one', async () => {
    const { headers, ...request } = plainRequest(bytes('{}'))
    expect(await plain.verify({ ...request, headers: [...headers, ...headers] })).toMatchObject({
      reason: 'duplicate_header',
    })
  })

  test('takes every line of a list that came in several headers', async () => {
    const { headers, ...request } = listRequest(bytes('{}'))
    const wrong = ['Webhook-Signature', `v1,${'A'.repeat(43)}=`] as const
    expect(await list.verify({ ...request, headers: [wrong, ...headers] })).toMatchObject({ ok: true })
    expect(await list.verify({ ...request, headers: [...headers, wrong] })).toMatchObject({ ok: true })
  })

  test.each(['webhook-id', 'webhook-timestamp'])('refuses a signed %s that came twice', async (name) => {
    const { headers, ...request } = listRequest(bytes('{}'))
    const again = headers.filter(([candidate]) => candidate === name)
    expect(await list.verify({ ...request, headers: [...headers, ...again] })).toMatchObject({
      reason: 'duplicate_header',
    })
  })

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('refuses a request without %s', async (name) => {
    const { headers, ...request } = listRequest(bytes('{}'))
    const without = headers.filter(([candidate]) => candidate !== name)
    expect(await list.verify({ ...request, headers: without })).toMatchObject({ reason: 'missing_header' })
  })

  test('refuses two timestamps in one header, whichever is signed', async () => {
    const body = bytes('{}')
    const signature = hmac('hex', SECRET, `${SIGNED_AT_S}.`, body)
    for (const times of [`t=${SIGNED_AT_S},t=1`, `t=1,t=${SIGNED_AT_S}`]) {
      const request = requestOf(body, { 'x-kv': `${times},v1=${signature}` })
      expect(await keyValue.verify(request)).toMatchObject({ reason: 'malformed_timestamp' })
    }
  })

  test.each([
    ['', 'malformed_timestamp'],
    ['1764000000.0', 'malformed_timestamp'],
    [' 1764000000', 'malformed_timestamp'],
    ['-1764000000', 'malformed_timestamp'],
    ['99999999999999999999', 'malformed_timestamp'],
    [String(SIGNED_AT_S - 301), 'stale_timestamp'],
    [String(SIGNED_AT_S + 301), 'future_timestamp'],
    ['253402300800', 'future_timestamp'],
    ['0', 'stale_timestamp'],
  ])('refuses an authentic request of time %j as %s', async (time, reason) => {
    const body = bytes('{}')
    const header = `t=${time},v1=${hmac('hex', SECRET, `${time}.`, body)}`
    expect(await keyValue.verify(requestOf(body, { 'x-kv': header }))).toMatchObject({ ok: false, reason })
  })

  test('says of a stale forgery that it is a forgery', async () => {
    const header = `t=1,v1=${'0'.repeat(64)}`
    expect(await keyValue.verify(requestOf(bytes('{}'), { 'x-kv': header }))).toMatchObject({ reason: 'mismatch' })
  })

  test('reports a stale timestamp under its own code', async () => {
    const body = bytes('{}')
    const header = `t=1,v1=${hmac('hex', SECRET, '1.', body)}`
    expect(await keyValue.verify(requestOf(body, { 'x-kv': header }))).toMatchObject({ code: 'timestamp_stale' })
  })

  test('verifies a stored event again years later against its arrival time', async () => {
    const body = bytes('{}')
    const header = `t=${SIGNED_AT_S},v1=${hmac('hex', SECRET, `${SIGNED_AT_S}.`, body)}`
    const stored = { id: 'x', source: 's', ...requestOf(body, { 'x-kv': header }) }
    expect(await keyValue.verify(stored)).toMatchObject({ ok: true })
    expect(await keyValue.verify({ ...stored, receivedAt: NOW + 10 * 365 * 86_400_000 })).toMatchObject({ ok: false })
  })

  describe('with several schemes', () => {
    const selected: HmacScheme = { ...listScheme, select: 'webhook-signature' }
    const both = createVerifier({
      connector: connectorOf([selected, { scheme: 'token', header: 'x-token' }]),
      secrets: [BASE64_SECRET, 'static-token'],
    })

    test('uses the first whose header is present', async () => {
      expect(await both.verify(listRequest(bytes('{}')))).toMatchObject({ ok: true, scheme: 'hmac', keyIndex: 0 })
      expect(await both.verify(requestOf(bytes('{}'), { 'x-token': 'static-token' }))).toMatchObject({
        ok: true,
        scheme: 'token',
        strength: 'token',
        bound: [],
        keyIndex: 1,
      })
    })

    test('does not fall through from a signature that fails to a token that fits', async () => {
      const { headers, ...request } = listRequest(bytes('{}'))
      const withToken = [...headers, ['x-token', 'static-token'] as const]
      expect(await both.verify({ ...request, body: bytes('{"forged":1}'), headers: withToken })).toMatchObject({
        ok: false,
        reason: 'mismatch',
      })
    })

    test('refuses a request that no scheme applies to', async () => {
      const only = createVerifier({ connector: connectorOf([selected]), secrets: [BASE64_SECRET] })
      expect(await only.verify(requestOf(bytes('{}'), {}))).toMatchObject({ reason: 'missing_header' })
    })

    test('does not take a signing key as a token', async () => {
      expect(await both.verify(requestOf(bytes('{}'), { 'x-token': BASE64_SECRET }))).toMatchObject({
        ok: false,
        reason: 'mismatch',
      })
    })

    test('does not take a token as a signing key, even one that is base64', async () => {
      const connector = connectorOf([selected, { scheme: 'token', header: 'x-token' }])
      const verifier = createVerifier({ connector, secrets: ['c3RhdGljdG9rZW4=', BASE64_SECRET] })
      const body = bytes('{}')
      const signature = hmac('base64', Buffer.from('c3RhdGljdG9rZW4=', 'base64'), `msg_1.${SIGNED_AT_S}.`, body)
      const { headers, ...request } = listRequest(body)
      const forged = headers.map(
        ([name, value]) => [name, name === 'webhook-signature' ? `v1,${signature}` : value] as const,
      )
      expect(await verifier.verify({ ...request, headers: forged })).toMatchObject({ ok: false, reason: 'mismatch' })
      expect(await verifier.verify(requestOf(body, { 'x-token': 'c3RhdGljdG9rZW4=' }))).toMatchObject({ ok: true })
    })

    test('leaves out a scheme that no secret is for', async () => {
      const connector = connectorOf([selected, { scheme: 'token', header: 'x-token' }])
      const tokenOnly = createVerifier({ connector, secrets: ['static-token'] })
      const { headers, ...request } = listRequest(bytes('{}'))
      const signedWithToken = { ...request, headers: [...headers, ['x-token', 'static-token'] as const] }
      expect(await tokenOnly.verify(signedWithToken)).toMatchObject({ ok: true, scheme: 'token' })
      const keyOnly = createVerifier({ connector, secrets: [BASE64_SECRET] })
      expect(await keyOnly.verify(requestOf(bytes('{}'), { 'x-token': BASE64_SECRET }))).toMatchObject({
        reason: 'missing_header',
      })
    })

    test('refuses a secret that bears the prefix of a scheme and is no key of it', () => {
      const connector = connectorOf([selected, { scheme: 'token', header: 'x-token' }])
      expect(() => createVerifier({ connector, secrets: ['whsec_not base64'] })).toThrow(InvalidOptionsError)
    })
  })

  test('refuses a malformed secret with its index and without showing it', () => {
    const connector = connectorOf([listScheme])
    expect(() => createVerifier({ connector, secrets: [BASE64_SECRET, 'whsec_top*secret'] })).toThrow(
      'Expected `secrets[1]` to be a key in base64 after an optional `whsec_`, got a string of another form.',
    )
  })

  test('refuses a connector that describes no webhooks', () => {
    const connector = { id: 'bare', name: 'Bare', sources: [] }
    expect(() => createVerifier({ connector, secrets: ['a'] })).toThrow(
      'Expected `connector` to be a connector that describes webhooks, got `bare`, which describes none.',
    )
  })

  test('refuses what is no connector', () => {
    expect(() => createVerifier({ connector: 'stripe' as never, secrets: ['a'] })).toThrow(InvalidOptionsError)
  })
})

function requestOf(body: Uint8Array, headers: Readonly<Record<string, string>>): VerifiableRequest {
  return { headers: Object.entries(headers), body, receivedAt: NOW }
}

function plainRequest(body: Uint8Array): VerifiableRequest {
  return requestOf(body, { 'X-Signature': `sha256=${hmac('hex', SECRET, body)}` })
}

function listRequest(body: Uint8Array): VerifiableRequest {
  const key = Buffer.from(BASE64_SECRET.slice('whsec_'.length), 'base64')
  return requestOf(body, {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(SIGNED_AT_S),
    'webhook-signature': `v1,${hmac('base64', key, `msg_1.${SIGNED_AT_S}.`, body)}`,
  })
}
