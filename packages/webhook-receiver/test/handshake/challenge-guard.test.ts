import type { Handshake, HmacScheme, MessagePart } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { challengeGuard } from '../../src/handshake/challenge-guard.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { plainScheme } from '../verify/sample-connectors.ts'

const crc = (hash: 'sha1' | 'sha256'): Handshake => ({
  name: 'crc',
  when: [{ method: 'GET' }],
  challenge: { from: 'query', name: 'crc', alphabet: 'A-Za-z0-9', maxLength: 8 },
  respond: { status: 200, body: { json: { token: { concat: [{ hmac: { hash, encoding: 'hex' } }] } } } },
  examples: [],
})

function guardOf(message: readonly MessagePart[], handshake: Handshake = crc('sha256')) {
  const scheme: HmacScheme = { ...plainScheme, message }
  return challengeGuard({ handshakes: [handshake], verify: [scheme] })
}

function readerOf(body: string): RequestReader {
  return new RequestReader({ headers: [], body: Buffer.from(body), receivedAt: 0 })
}

describe('challengeGuard', () => {
  test.each([
    ['abc123', true],
    ['a', true],
    ['', false],
    ['abcdefgh', true],
    ['abcdefghi', false],
    ['{"a":1}', false],
    ['abc\n', false],
    ['ab c', false],
  ])('of a signed body %j says %s', (body, couldBe) => {
    expect(guardOf([{ part: 'body' }])?.(readerOf(body))).toBe(couldBe)
  })

  test('looks at the field that is signed', () => {
    const guard = guardOf([{ part: 'field', pointer: '/payload' }])
    expect(guard?.(readerOf('{"payload":"abc"}'))).toBe(true)
    expect(guard?.(readerOf('{"payload":"a.b"}'))).toBe(false)
    expect(guard?.(readerOf('{}'))).toBe(false)
  })

  test('is none where no answer is an HMAC of the hash that signs, or something else is signed with it', () => {
    expect(guardOf([{ part: 'body' }], crc('sha1'))).toBeUndefined()
    expect(guardOf([{ part: 'literal', value: ':' }, { part: 'body' }])).toBeUndefined()
    expect(challengeGuard({ verify: [plainScheme] })).toBeUndefined()
  })
})
