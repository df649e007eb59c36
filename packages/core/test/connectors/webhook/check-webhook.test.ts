import { describe, expect, test } from 'vitest'
import { checkWebhook } from '../../../src/connectors/webhook/check-webhook.ts'
import type {
  HmacScheme,
  MessagePart,
  VerificationScheme,
  WebhookDescription,
} from '../../../src/connectors/webhook/webhook-description.ts'
import { InvalidOptionsError } from '../../../src/errors/invalid-options-error.ts'

const hmac: HmacScheme = {
  scheme: 'hmac',
  hash: 'sha256',
  encoding: 'hex',
  secret: { encoding: 'utf8' },
  signature: { from: 'header', name: 'x-signature' },
  message: [{ part: 'body' }],
}

const everyPart: readonly MessagePart[] = [
  { part: 'literal', value: 'v0:' },
  { part: 'body', before: '\n' },
  { part: 'bodyHash', hash: 'crc32', encoding: 'decimal' },
  { part: 'timestamp', after: '.' },
  { part: 'id' },
  { part: 'method' },
  { part: 'url', form: 'pathAndQuery', variants: ['with_default_port', 'legacy_query'], sortQuery: true },
  { part: 'header', name: 'x-request-id', before: 'request-id:', after: ';', optional: true },
  { part: 'headerList', listedIn: 'x-signed', separator: ',', pair: ':', join: ';', sorted: true },
  { part: 'query', name: 'data.id', lowerCase: true },
  { part: 'field', pointer: '/amount/value', absentAs: '' },
  {
    part: 'sortedForm',
    duplicates: 'sorted',
    pair: { between: '=', after: '&' },
    lead: { afterQuery: '.', afterPath: '?' },
  },
  { part: 'secret' },
]

const complete: WebhookDescription = {
  verify: [
    {
      ...hmac,
      select: [
        { from: 'header', name: 'x-version', equals: '3' },
        { from: 'query', name: 'token', absent: true },
        { from: 'body', pointer: '/type', matches: 'order.' },
      ],
      each: '/items',
      hash: 'sha384',
      encoding: 'base64url',
      secret: { encoding: 'hex', prefix: 'signkey-*-', unprefixed: 'utf8', derive: 'sha1' },
      signature: {
        from: 'header',
        name: 'x-signature-{n}',
        numbered: 100,
        also: ['x-second'],
        format: { kind: 'positional', separator: ',', from: 1 },
      },
      timestamp: { from: 'header', name: 'x-signature-1', index: 0, format: 'rfc3339' },
      bodyHash: { from: 'query', name: 'bodySHA256', hash: 'sha256', encoding: 'hex' },
      message: everyPart,
      vectors: [
        { source: 'docs', secret: '', headers: {}, bodyBase64: 'AA==', method: 'PUT', url: '/', keys: { a: 'b' } },
      ],
    },
    { ...hmac, scheme: 'digest', message: [{ part: 'secret' }, { part: 'body' }] },
    { scheme: 'token', header: 'authorization', prefix: 'Bearer ', bodyPointer: '/token', query: 'token' },
    { scheme: 'basic' },
    { scheme: 'none' },
  ],
  eventId: { from: 'query', name: 'id', signed: true },
  delivery: { redelivery: 'By hand.' },
}

function failureOf(webhook: unknown): string {
  try {
    checkWebhook('webhook', webhook)
  } catch (error) {
    if (error instanceof InvalidOptionsError) return `${error.path}: ${error.expected}`
    throw error
  }
  throw new Error('checkWebhook did not throw')
}

const withScheme = (scheme: object): unknown => ({ verify: [scheme] })

describe('checkWebhook', () => {
  test('takes everything that a description may say', () => {
    expect(() => checkWebhook('webhook', complete)).not.toThrow()
  })

  test.each(everyPart)('takes a message that is $part', (part) => {
    const timestamp = { from: 'header', name: 'x-time', format: 'epoch' } as const
    expect(() =>
      checkWebhook('webhook', { ...complete, verify: [{ ...hmac, timestamp, message: [part] }] }),
    ).not.toThrow()
  })

  test.each([
    [
      'a header without a name',
      { ...hmac, signature: { from: 'header' } },
      "signature.name: present with `from: 'header'`",
    ],
    [
      'a header name in upper case',
      { ...hmac, signature: { from: 'header', name: 'X-Sig' } },
      'signature.name: a header name in lower case',
    ],
    [
      'a name for the body',
      { ...hmac, signature: { from: 'body', pointer: '/a', name: 'a' } },
      "signature.name: absent with `from: 'body'`",
    ],
    [
      'a number without its place',
      { ...hmac, signature: { from: 'header', name: 'x-sig', numbered: 3 } },
      'signature.numbered: absent unless `name` holds `{n}`',
    ],
    [
      'a place for a number without one',
      { ...hmac, signature: { from: 'header', name: 'x-sig-{n}' } },
      'signature.name: a header name in lower case',
    ],
    [
      'more headers beside a field of the body',
      { ...hmac, signature: { from: 'body', pointer: '/a', also: ['x-b'] } },
      "signature.also: absent unless `from` is 'header'",
    ],
    [
      'a time that is a key and an index',
      { ...hmac, timestamp: { from: 'header', name: 'x', key: 't', index: 0, format: 'epoch' } },
      'timestamp.index: absent with `key`',
    ],
    [
      'a prefix with two stars',
      { ...hmac, secret: { encoding: 'utf8', prefix: 'a*b*c' } },
      'secret.prefix: a text with at most one `*`, which something follows',
    ],
    [
      'a form of unprefixed secrets without a prefix',
      { ...hmac, secret: { encoding: 'base64', unprefixed: 'utf8' } },
      'secret.unprefixed: absent without `prefix`',
    ],
    [
      'a beginning of secrets that are not used as they are',
      { ...hmac, secret: { encoding: 'base64', startsWith: 'whsec_' } },
      "secret.startsWith: absent unless `encoding` is 'utf8' and there is no `prefix`",
    ],
    [
      'a beginning of secrets beside a prefix',
      { ...hmac, secret: { encoding: 'utf8', prefix: 'whsec_', startsWith: 'whsec_' } },
      "secret.startsWith: absent unless `encoding` is 'utf8' and there is no `prefix`",
    ],
    [
      'a digest without the secret',
      { ...hmac, scheme: 'digest' },
      'message: with a part `secret`, for a plain hash proves nothing without',
    ],
    [
      'an id in the message that no field names',
      { ...hmac, message: [{ part: 'id' }] },
      'eventId: present, because `message` has a part `id`, or one for the whole webhook',
    ],
    [
      'a condition on what is absent',
      { ...hmac, select: [{ from: 'header', name: 'x', absent: true, equals: '1' }] },
      'select[0].absent: alone, for what is absent has no value',
    ],
    ['no condition', { ...hmac, select: [] }, 'select: an array of at least one item'],
    [
      'a prefix of a token without a header',
      { scheme: 'token', bodyPointer: '/t', prefix: 'a' },
      'prefix: absent without `header`',
    ],
    [
      'two bodies of a vector',
      { ...hmac, vectors: [{ source: 's', secret: 's', headers: {}, body: '', bodyBase64: '' }] },
      'vectors[0].bodyBase64: absent with `body`',
    ],
  ])('refuses %s', (_title, scheme, failure) => {
    expect(failureOf(withScheme(scheme))).toBe(`webhook.verify[0].${failure}`)
  })

  describe('of several schemes', () => {
    const token: VerificationScheme = { scheme: 'token', header: 'x-token' }

    test.each([
      ['without a selection of its own', [hmac, { ...hmac, select: 'x-signature' }]],
      [
        'with the same selection',
        [
          { ...hmac, select: 'x-a' },
          { ...hmac, select: 'x-a', hash: 'sha1' },
        ],
      ],
    ])('refuses one that is never reached, %s', (_title, verify) => {
      expect(failureOf({ verify })).toBe(
        'webhook.verify[1]: a scheme that can be reached (`webhook.verify[0]` applies first)',
      )
    })

    test('takes one for other secrets, for only one of them may be configured', () => {
      const hexKeys = { ...hmac, secret: { encoding: 'hex' } } as const
      expect(() => checkWebhook('webhook', { verify: [hexKeys, hmac, token, { scheme: 'basic' }] })).not.toThrow()
    })
  })
})
