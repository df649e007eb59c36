import type { SignatureFormat, TimeFormat, VerificationScheme } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { signRequest } from '../../src/signing/sign-request.ts'
import {
  BASE64_SECRET,
  connectorOf,
  hmac,
  keyValueScheme,
  listScheme,
  plainScheme,
  SECRET,
} from '../verify/sample-connectors.ts'
import { header, NOW, roundTrip, textOf } from './round-trip.ts'

const clock = fakeClock(NOW)

const formats: readonly SignatureFormat[] = [
  { kind: 'plain', prefix: 'sha256=' },
  { kind: 'list', separator: ',', prefix: 'v1=' },
  { kind: 'keyValue', separator: '&', key: 's', pairSeparator: ':' },
  { kind: 'taggedList', separator: ' ', tagSeparator: ',', tag: 'v1' },
  { kind: 'positional', separator: '.', from: 2 },
  { kind: 'pairs', separator: '&', pairSeparator: '|' },
  { kind: 'base64Json', pointer: '/deep/signature' },
]

describe('signRequest', () => {
  test.each(formats)('writes signatures of the format $kind', async (format) => {
    const scheme = { ...plainScheme, signature: { ...plainScheme.signature, format } }
    const { signed, verify } = await roundTrip([scheme], { body: '{}' })
    expect(await verify(signed)).toMatchObject({ ok: true })
  })

  test.each(['hex', 'base64', 'base64url'] as const)('writes signatures in %s', async (encoding) => {
    const { signed, verify } = await roundTrip([{ ...plainScheme, encoding }])
    expect(await verify(signed)).toMatchObject({ ok: true })
  })

  test.each([
    ['epoch_s', '1764000000'],
    ['epoch_ms', '1764000000000'],
    ['epoch', '1764000000'],
    ['rfc3339', '2025-11-24T16:00:00.000Z'],
  ] as readonly (readonly [TimeFormat, string])[])('writes times as %s', async (format, text) => {
    const timestamp = { from: 'header', name: 'x-time', format, toleranceMs: 0 } as const
    const { signed, verify } = await roundTrip([{ ...plainScheme, timestamp, message: [{ part: 'timestamp' }] }])
    expect(header(signed, 'x-time')).toBe(text)
    expect(await verify(signed)).toMatchObject({ ok: true })
  })

  test('is what OpenSSL makes of the documented message', async () => {
    const connector = connectorOf([keyValueScheme])
    const signed = await signRequest({ connector, key: SECRET, body: '{"a":1}', clock })
    expect(header(signed, 'x-kv')).toBe(`t=1764000000,v1=${hmac('hex', SECRET, '1764000000.{"a":1}')}`)
  })

  test('puts time and signature into the list in which they stand', async () => {
    const { signed, verify } = await roundTrip([
      {
        ...keyValueScheme,
        signature: { from: 'header', name: 'x-list', format: { kind: 'positional', separator: ';', from: 1 } },
        timestamp: { from: 'header', name: 'x-list', index: 0, format: 'epoch_s' },
      },
    ])
    expect(header(signed, 'x-list')).toMatch(/^1764000000;[\da-f]{64}$/)
    expect(await verify(signed)).toMatchObject({ ok: true, bound: ['timestamp', 'body'] })
  })

  test('takes the first of numbered headers', async () => {
    const { signed, verify } = await roundTrip([
      { ...plainScheme, signature: { from: 'header', name: 'x-signature-{n}', numbered: 5 } },
    ])
    expect(header(signed, 'x-signature-1')).toMatch(/^[\da-f]{64}$/)
    expect(await verify(signed)).toMatchObject({ ok: true })
  })

  test('puts signature, time and signed fields into a body that has none of them', async () => {
    const { signed, verify } = await roundTrip(
      [
        {
          ...plainScheme,
          signature: { from: 'body', pointer: '/signature/value' },
          timestamp: { from: 'body', pointer: '/signature/time', format: 'epoch_s', toleranceMs: 0 },
          message: [{ part: 'timestamp' }, { part: 'field', pointer: '/signature/token' }],
        },
      ],
      { body: '{"event":"opened"}' },
    )
    expect(JSON.parse(textOf(signed))).toEqual({
      event: 'opened',
      signature: {
        time: 1_764_000_000,
        token: expect.stringMatching(/^[\da-f-]{36}$/) as string,
        value: expect.stringMatching(/^[\da-f]{64}$/) as string,
      },
    })
    expect(await verify(signed)).toMatchObject({ ok: true, bound: ['timestamp', 'field:/signature/token'] })
  })

  test('renews the time in a body, and leaves a body that says it already as it is', async () => {
    const timestamp = { from: 'body', pointer: '/at', format: 'epoch_ms', toleranceMs: 0 } as const
    const scheme = { ...plainScheme, timestamp }
    const renewed = await roundTrip([scheme], { body: { at: 1 } })
    expect(textOf(renewed.signed)).toBe('{"at":1764000000000}')
    expect(await renewed.verify(renewed.signed)).toMatchObject({ ok: true })
    const text = '{ "at": "1764000000000" }'
    expect(textOf((await roundTrip([scheme], { body: text })).signed)).toBe(text)
    expect(textOf((await roundTrip([scheme], { body: '{"at":"1"}' })).signed)).toBe('{"at":"1764000000000"}')
  })

  test('puts into a form what belongs into it', async () => {
    const scheme: VerificationScheme = {
      ...plainScheme,
      signature: { from: 'body', pointer: '/sig~1nature' },
      message: [{ part: 'field', pointer: '/payload' }],
    }
    const form = new URLSearchParams({ payload: 'a b&c' })
    const { signed, verify } = await roundTrip([scheme], { body: form })
    expect(form.size).toBe(1)
    expect(textOf(signed)).toMatch(/^payload=a\+b%26c&sig%2Fnature=[\da-f]{64}$/)
    expect(await verify(signed)).toMatchObject({ ok: true })
    const asText = await roundTrip([scheme], {
      body: 'payload=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(await asText.verify(asText.signed)).toMatchObject({ ok: true })
  })

  test('signs each item of a body', async () => {
    const { signed, verify } = await roundTrip(
      [
        {
          ...plainScheme,
          each: '/items',
          signature: { from: 'body', pointer: '/signature' },
          message: [{ part: 'field', pointer: '/id' }],
        },
      ],
      { body: { items: [{ id: 'one' }, { id: 2 }] } },
    )
    expect(await verify(signed)).toMatchObject({ ok: true })
    const swapped = textOf(signed).replace('"one"', '"two"')
    expect(await verify({ ...signed, body: new TextEncoder().encode(swapped) })).toMatchObject({ reason: 'mismatch' })
  })

  test('shows a token or credentials where the provider does', async () => {
    const shown = async (scheme: VerificationScheme): Promise<string> => {
      const { signed, verify } = await roundTrip([scheme])
      expect(await verify(signed)).toMatchObject({ ok: true, strength: 'token' })
      const { headers, url } = signed
      return `${headers.map(([name]) => name).join()} ${url.includes('?') ? 'query' : ''} ${textOf(signed).slice(0, 6)}`
    }
    expect(await shown({ scheme: 'token', header: 'x-token', prefix: 'Bearer ' })).toBe('content-type,x-token  {}')
    expect(await shown({ scheme: 'token', bodyPointer: '/key' })).toBe('content-type  {"key"')
    expect(await shown({ scheme: 'token', query: 'token' })).toBe('content-type query {}')
    expect(await shown({ scheme: 'basic' })).toBe('content-type,authorization  {}')
  })

  test('sends text and bytes as they are, objects as JSON, and each with its type', async () => {
    const connector = connectorOf([plainScheme])
    const sent = async (body: NonNullable<Parameters<typeof signRequest>[0]['body']>, headers = {}) => {
      const signed = await signRequest({ connector, key: SECRET, body, headers, clock })
      return [header(signed, 'content-type'), textOf(signed)]
    }
    expect(await sent('{ "a": 1.0 }')).toEqual(['application/json', '{ "a": 1.0 }'])
    expect(await sent(Uint8Array.of(0x31, 0x32))).toEqual(['application/json', '12'])
    expect(await sent(Uint8Array.of(0x31).buffer)).toEqual(['application/json', '1'])
    expect(await sent([1, { b: 2 }])).toEqual(['application/json', '[1,{"b":2}]'])
    expect(await sent(new URLSearchParams({ a: '1' }))).toEqual(['application/x-www-form-urlencoded', 'a=1'])
    expect(await sent('<a/>', { 'content-type': 'text/xml' })).toEqual(['text/xml', '<a/>'])
  })

  test('puts the id where the connector has it, and makes one up for a header', async () => {
    const idIn = async (
      eventId: NonNullable<Parameters<typeof connectorOf>[1]>['eventId'],
      id?: string,
      body: object = {},
    ) => {
      const options = { connector: connectorOf([plainScheme], { eventId: eventId! }), key: SECRET, body, clock }
      return signRequest({ ...options, ...(id !== undefined && { id }) })
    }
    expect(header(await idIn({ from: 'header', name: 'x-id', signed: false }, 'evt_1'), 'x-id')).toBe('evt_1')
    expect(header(await idIn({ from: 'header', name: 'x-id', signed: false }), 'x-id')).toMatch(/^[\da-f-]{36}$/)
    expect(textOf(await idIn({ from: 'body', pointer: '/data/id', signed: true }, 'evt_1'))).toBe(
      '{"data":{"id":"evt_1"}}',
    )
    expect(textOf(await idIn({ from: 'body', pointer: '/id', signed: true }))).toBe('{}')
    expect((await idIn({ from: 'query', name: 'id', signed: false }, 'a b')).url).toBe(
      'https://localhost/webhooks/sample?id=a%20b',
    )
  })

  test('puts the id into the one item of a batch, and refuses one for several', async () => {
    const connector = connectorOf([plainScheme], {
      batch: { pointer: '/events' },
      eventId: { from: 'body', pointer: '/id', signed: true },
    })
    const one = await signRequest({ connector, key: SECRET, body: { events: [{ a: 1 }] }, id: 'evt_1', clock })
    expect(textOf(one)).toBe('{"events":[{"a":1,"id":"evt_1"}]}')
    await expect(signRequest({ connector, key: SECRET, body: { events: [{}, {}] }, id: 'evt_1' })).rejects.toThrow(
      'Expected `id` to be absent, for each item of the body has its own',
    )
  })

  test('signs with the scheme that is named, and with the first that takes the key otherwise', async () => {
    const connector = connectorOf([
      { ...listScheme, select: 'webhook-signature' },
      { scheme: 'token', header: 'x-token' },
    ])
    const names = async (own: Partial<Parameters<typeof signRequest>[0]>): Promise<string> => {
      const { headers } = await signRequest({ connector, key: BASE64_SECRET, clock, ...own })
      return headers.map(([name]) => name).join(' ')
    }
    const list = 'content-type webhook-id webhook-timestamp webhook-signature'
    expect(await names({})).toBe(list)
    expect(await names({ key: 'a token' })).toBe('content-type x-token')
    expect(await names({ scheme: 'token' })).toBe('content-type x-token')
    expect(await names({ scheme: 0 })).toBe(list)
    await expect(names({ scheme: 2 })).rejects.toThrow("Expected `scheme` to be 0 | 1 | 'hmac' | 'token', got `2`.")
    await expect(names({ scheme: 1, headers: { 'webhook-signature': 'v1,AAAA' } })).rejects.toThrow(
      'Expected `scheme` to be 0, which the request selects, got `1`.',
    )
  })

  test('fulfils what selects the scheme', async () => {
    const { signed, verify } = await roundTrip([
      {
        ...plainScheme,
        select: [
          { from: 'header', name: 'x-version', equals: 'v2' },
          { from: 'query', name: 'mode' },
          { from: 'body', pointer: '/kind', matches: 'event' },
          { from: 'header', name: 'x-signature' },
        ],
      },
    ])
    expect(header(signed, 'x-version')).toBe('v2')
    expect(textOf(signed)).toBe('{"kind":"event"}')
    expect(await verify(signed)).toMatchObject({ ok: true })
  })

  test.each([
    ['percent_decoded', 'https://hooks.example.com/in?to=a:b'],
    ['encode_uri', 'https://hooks.example.com/in?to%253Da%25253Ab'],
    ['without_port', 'https://hooks.example.com/in?to=a%3Ab'],
  ] as const)('signs the URL as the provider spells it: %s', async (variant, spelled) => {
    const scheme = { ...plainScheme, message: [{ part: 'url', variants: [variant] }] as const }
    const url = 'https://hooks.example.com/in?to=a%3Ab'
    const signed = await signRequest({ connector: connectorOf([scheme]), key: SECRET, url, clock })
    expect(signed.url).toBe(url)
    expect(header(signed, 'x-signature')).toBe(`sha256=${hmac('hex', SECRET, spelled)}`)
  })

  test('has the request once more for fetch and for a receiver, header bytes included', async () => {
    const { signed } = await roundTrip([plainScheme], { headers: [['x-name', 'Zoë €']], method: 'put' })
    expect(signed.request.method).toBe('PUT')
    expect(signed.request.headers.get('x-name')).toBe(header(signed, 'x-name'))
    expect(await signed.request.text()).toBe('{}')
  })

  test('signs a GET without a body', async () => {
    const { signed, verify } = await roundTrip([plainScheme], { method: 'GET' })
    expect([signed.headers.length, signed.body.length, signed.request.body]).toEqual([1, 0, null])
    expect(await verify(signed)).toMatchObject({ ok: true })
  })

  test('shows no secret that cannot be a header', async () => {
    const connector = connectorOf([{ scheme: 'token', header: 'x-token' }])
    const failure = await signRequest({ connector, key: `${SECRET}\nX: y`, clock }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'configuration_error', path: 'headers' })
    expect((failure as Error).message).not.toContain(SECRET)
  })

  test.each([
    ['no key', {}, 'Expected `key` to be one that a scheme of the connector takes, got another.'],
    [
      'an empty key',
      { key: '' },
      'Expected `key` to be a non-empty string, or what `generateWebhookKey` made, got an empty string.',
    ],
    [
      'a relative URL',
      { key: SECRET, url: '/hooks' },
      'Expected `url` to be an absolute http or https URL without credentials',
    ],
    [
      'credentials',
      { key: SECRET, url: 'https://a:b@c.example/' },
      'Expected `url` to be an absolute http or https URL',
    ],
    [
      'a time that is none',
      { key: SECRET, timestamp: Number.NaN },
      'Expected `timestamp` to be milliseconds since the epoch',
    ],
    [
      'a method that is none',
      { key: SECRET, method: 'GE T' },
      'Expected `method` to be a method that `fetch` can send',
    ],
    ['a method that fetch refuses', { key: SECRET, method: 'TRACE' }, 'Expected `method` to be a method'],
    ['an option that is none', { key: SECRET, keys: 'x' }, 'Did you mean `key`?'],
    ['an id of nobody', { key: SECRET, id: 'evt_1' }, 'Expected `id` to be absent, for the provider sends none'],
    [
      'a body that JSON cannot hold',
      { key: SECRET, body: () => 1 },
      'Expected `body` to be a value that JSON can hold',
    ],
  ])('refuses %s and says why', async (_title, own, message) => {
    const options = { connector: connectorOf([plainScheme]), clock, ...own } as Parameters<typeof signRequest>[0]
    await expect(signRequest(options)).rejects.toThrow(message)
  })

  test.each([
    [
      'JSON where a form is signed',
      { ...plainScheme, message: [{ part: 'sortedForm', duplicates: 'sorted' }] },
      'Expected `body` to be a form',
    ],
    ['no items where each is signed', { ...plainScheme, each: '/items' }, 'at least one item at `/items`'],
    [
      'an object where a text is signed',
      { ...plainScheme, message: [{ part: 'field', pointer: '/object' }] },
      'Expected `body` to be one with a text or a number in each field',
    ],
    [
      'a text where an object belongs',
      { ...plainScheme, signature: { from: 'body', pointer: '/text/x' } },
      'room for `/text/x`',
    ],
    [
      'no private key',
      {
        scheme: 'signature',
        algorithm: 'ed25519',
        encoding: 'hex',
        signature: plainScheme.signature,
        message: [{ part: 'body' }],
        key: { from: 'secret', format: 'pem' },
      },
      'an Ed25519 private key as PEM',
    ],
    ['a secret that is no credentials', { scheme: 'basic' }, 'Expected `key` to be `user:password`'],
    [
      'a secret of another form',
      { ...plainScheme, secret: { encoding: 'hex' } },
      'Expected `key` to be a key in hexadecimal',
    ],
  ] as readonly (readonly [string, VerificationScheme, string])[])(
    'cannot sign %s, and says so',
    async (_title, scheme, message) => {
      const options = {
        connector: connectorOf([scheme]),
        key: SECRET,
        scheme: 0,
        body: { object: {}, text: 'x' },
        clock,
      }
      const failure = await signRequest(options).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'configuration_error' })
      expect((failure as Error).message).toContain(message)
      expect((failure as Error).message).not.toContain(SECRET)
    },
  )
})
