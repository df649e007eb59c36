import { describe, expect, test } from 'vitest'
import { InvalidOptionsError } from '../../../src/errors/invalid-options-error.ts'
import { checkWebhookWith } from './sample-webhook.ts'

/** A handshake that uses everything; each test changes one thing. */
const complete = {
  name: 'url_validation',
  when: [
    { method: 'POST' },
    { onlyMembers: ['challenge', 'token'] },
    { from: 'body', pointer: '/type', equals: 'ping' },
    { from: 'header', name: 'x-signature', absent: true },
  ],
  verified: true,
  challenge: { from: 'body', pointer: '/challenge', alphabet: 'A-Za-z0-9._-', maxLength: 64 },
  verifyToken: { from: 'query', name: 'token' },
  secret: { from: 'header', name: 'x-hook-secret' },
  respond: {
    status: 200,
    contentType: 'application/json',
    headers: { 'x-hook-secret': { value: 'secret' } },
    body: {
      json: {
        challenge: { value: 'challenge' },
        type: { literal: 1 },
        ok: { literal: true },
        text: { literal: 'ok' },
        both: {
          concat: [
            { value: 'publicKey' },
            { literal: '|' },
            { hmac: { hash: 'sha256', encoding: 'base64', prefix: 'sha256=' } },
          ],
        },
        digest: { digest: { hash: 'sha256', encoding: 'hex', of: ['challenge', 'verifyToken', 'url'] } },
      },
    },
  },
  store: true,
  confirm: { pointer: '/SubscribeURL', hosts: ['sns.*.amazonaws.com'] },
  examples: [
    {
      source: 'docs',
      request: { method: 'POST', url: 'https://acme.example/hooks?token=t', headers: { a: 'b' }, body: '{}' },
      secret: 's',
      verifyToken: 't',
      publicKey: 'p',
      keys: { a: 'b' },
      receivedAt: 1,
      response: { status: 200, headers: { a: 'b' }, body: '{}' },
    },
  ],
}

function errorOf(handshake: Readonly<Record<string, unknown>>): InvalidOptionsError {
  try {
    checkWebhookWith({ handshakes: [handshake] })
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

function pathOf(handshake: Readonly<Record<string, unknown>>): string | undefined {
  return errorOf(handshake).path.replace('connector.webhook.handshakes[0].', '')
}

describe('handshakes of a connector', () => {
  test('may use everything at once', () => {
    expect(() => checkWebhookWith({ handshakes: [complete] })).not.toThrow()
  })

  test.each([
    ['name', { name: 'Url-Validation' }],
    ['name', { name: undefined }],
    ['when', { when: [] }],
    ['when[0].method', { when: [{ method: 'PUT' }] }],
    ['when[0].onlyMembers', { when: [{ onlyMembers: 'challenge' }] }],
    ['when[0].from', { when: [{ name: 'x' }] }],
    ['verified', { verified: false }],
    ['challenge.alphabet', { challenge: { ...complete.challenge, alphabet: undefined } }],
    ['challenge.maxLength', { challenge: { ...complete.challenge, maxLength: 0 } }],
    ['challenge', { challenge: undefined }],
    ['secret', { secret: undefined }],
    ['respond.status', { respond: { status: 302 } }],
    ['respond.body', { respond: { status: 204, body: { literal: 'x' } } }],
    ['respond.body', { respond: { status: 200, body: {} } }],
    ['respond.body', { respond: { status: 200, body: { literal: 'a', value: 'challenge' } } }],
    ['respond.body.literal', { respond: { status: 200, body: { literal: 1 } } }],
    ['respond.body.json.a.value', { respond: { status: 200, body: { json: { a: { value: 'key' } } } } }],
    ['respond.headers', { respond: { status: 200, headers: { 'X-A': { literal: 'a' } } } }],
    ['examples', { examples: [] }],
    ['examples', { examples: undefined }],
    ['examples[0].response.body', { examples: [{ ...complete.examples[0], response: { status: 200 } }] }],
    ['confirm.hosts', { confirm: { pointer: '/a', hosts: ['https://a.b'] } }],
    ['unknown', { unknown: 1 }],
  ])('are refused with the path %s', (path, change) => {
    expect(pathOf({ ...complete, ...change })).toBe(path)
  })

  test('are told from events by more than POST', () => {
    expect(pathOf({ ...complete, when: [{ method: 'POST' }] })).toBe('when')
    expect(pathOf({ ...complete, when: [{ method: 'GET' }, { method: 'HEAD' }] })).toBe('when')
    expect(() => checkWebhookWith({ handshakes: [{ ...complete, when: [{ method: 'HEAD' }] }] })).not.toThrow()
  })

  test('are stored as events only when verified, and have links only when stored', () => {
    expect(pathOf({ ...complete, verified: undefined })).toBe('verified')
    expect(pathOf({ ...complete, store: undefined })).toBe('store')
  })

  test('have names of their own', () => {
    expect(() => checkWebhookWith({ handshakes: [complete, complete] })).toThrow(/handshakes\[1\]\.name/)
  })

  test.each(['a-z', 'A-Za-z0-9', 'a', '-', 'a-', '0-9a-f.', String.raw`[]\^-`, ' -', '"<>', 'A-Z0-9+/=-'])(
    'may have the alphabet %s',
    (alphabet) => {
      const challenge = { ...complete.challenge, alphabet }
      const verify = [{ scheme: 'token', header: 'x-token' }]
      const respond = { status: 200, body: { value: 'challenge' } }
      expect(() => checkWebhookWith({ verify, handshakes: [{ ...complete, challenge, respond }] })).not.toThrow()
    },
  )

  test.each(['', 'z-a', 'a-Z', 'A-z', '0-z', '+--a', 'a-zé', '\n', 'a--z', '9-0'])(
    'may not have the alphabet %j',
    (alphabet) => {
      expect(pathOf({ ...complete, challenge: { ...complete.challenge, alphabet } })).toBe('challenge.alphabet')
    },
  )
})
