import { describe, expect, test } from 'vitest'
import { checkWebhookWith, hmacOver } from './sample-webhook.ts'

const body = { part: 'body' }
const timestamp = { part: 'timestamp' }
const when = { timestamp: { from: 'header', name: 'x-time', format: 'epoch_s' } }

function crc(alphabet: string, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    name: 'crc',
    when: [{ method: 'GET' }, { from: 'query', name: 'crc' }],
    challenge: { from: 'query', name: 'crc', alphabet, maxLength: 128 },
    respond: { status: 200, body: { json: { answer: { hmac: { hash: 'sha256', encoding: 'hex' } } } } },
    examples: [{ source: 'docs', request: { url: 'https://a.example/?crc=a' }, response: { status: 200, body: '{}' } }],
    ...more,
  }
}

function check(verify: unknown, handshake: unknown = crc('A-Za-z0-9')): unknown {
  return checkWebhookWith({ verify: [verify], handshakes: [handshake] })
}

const anOracle = /handshakes\[0\]\.challenge\.alphabet.*no answer is the signature of an event/

describe('a handshake that answers with an HMAC', () => {
  test.each([
    ['a literal', hmacOver([{ part: 'literal', value: 'v0:' }, timestamp, body], when)],
    ['text before a piece', hmacOver([{ ...timestamp, before: 't=' }, body], when)],
    ['text after a piece', hmacOver([{ ...timestamp, after: '.' }, body], when)],
    ['the slash of a URL', hmacOver([{ part: 'url' }, body])],
  ])('is fine where every message has a character that no challenge has: %s', (_what, scheme) => {
    expect(() => check(scheme)).not.toThrow()
  })

  test.each([
    ['pieces of which an attacker chooses the text', hmacOver([timestamp, body], when)],
    ['a literal that a challenge may have', hmacOver([{ part: 'literal', value: 'v0' }, timestamp, body], when)],
    ['a separator that may be left out', hmacOver([{ ...timestamp, after: '.', optional: true }, body], when)],
    ['a field of every item', hmacOver([{ part: 'field', pointer: '/a' }], { each: '/items' })],
    ['a header', hmacOver([{ part: 'header', name: 'x-a' }])],
  ])('is refused where a message could be a challenge: %s', (_what, scheme) => {
    expect(() => check(scheme)).toThrow(anOracle)
  })

  test('is refused where the alphabet has the separator', () => {
    const scheme = hmacOver([{ ...timestamp, after: '.' }, body], when)
    expect(() => check(scheme, crc('A-Za-z0-9.'))).toThrow(anOracle)
  })

  test('is fine where the message is one value, which the verifier can look at', () => {
    expect(() => check(hmacOver([body]))).not.toThrow()
    expect(() => check(hmacOver([{ part: 'field', pointer: '/payload' }]))).not.toThrow()
    expect(() => check(hmacOver([{ ...body, before: 'a' }]))).toThrow(anOracle)
  })

  test('is fine beside a scheme with another hash, but needs one with its own, whose key it takes', () => {
    const sha1 = hmacOver([timestamp, body], { ...when, hash: 'sha1', select: 'x-old' })
    const separated = hmacOver([{ ...timestamp, after: '.' }, body], when)
    expect(() => checkWebhookWith({ verify: [sha1, separated], handshakes: [crc('a-z')] })).not.toThrow()
    expect(() => check(sha1)).toThrow(/handshakes\[0\]\.respond.*whose key it takes/)
  })

  test('is judged by every scheme with its hash', () => {
    const separated = hmacOver([{ ...timestamp, after: '.' }, body], { ...when, select: 'x-new' })
    const open = hmacOver([timestamp, body], when)
    expect(() => checkWebhookWith({ verify: [separated, open], handshakes: [crc('a-z')] })).toThrow(anOracle)
  })

  test('is found wherever it stands in the answer', () => {
    const hmac = { hmac: { hash: 'sha256', encoding: 'hex' } }
    const inHeader = { status: 200, headers: { 'x-a': { concat: [{ literal: 'a' }, { concat: [hmac] }] } } }
    expect(() => check(hmacOver([timestamp, body], when), crc('a-z', { respond: inHeader }))).toThrow(anOracle)
  })

  test('is needed for none of this where it only sends the challenge back', () => {
    const respond = { status: 200, body: { value: 'challenge' } }
    expect(() => check(hmacOver([timestamp, body], when), crc('a-z', { respond }))).not.toThrow()
  })
})

describe('a handshake that answers with a plain hash', () => {
  const respond = {
    status: 200,
    body: { digest: { hash: 'sha256', encoding: 'hex', of: ['challenge', 'verifyToken'] } },
  }

  test('is refused where such a hash signs events', () => {
    const scheme = hmacOver([{ part: 'secret' }, body], { scheme: 'digest' })
    expect(() => check(scheme, crc('a-z', { respond }))).toThrow(/handshakes\[0\]\.respond.*plain sha256/)
    expect(() => check(hmacOver([body]), crc('a-z', { respond }))).not.toThrow()
  })
})
