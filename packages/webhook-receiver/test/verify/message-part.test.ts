import type { MessagePart, WebhookField } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { MessageContext } from '../../src/verify/message-context.ts'
import { compilePart, secretPlace, withSecret } from '../../src/verify/message-part.ts'
import { joinPieces, type MessagePiece } from '../../src/verify/message-piece.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'

const request = {
  headers: [
    ['X-Id', 'id-1'],
    ['X-Twice', 'a'],
    ['X-Twice', 'b'],
    ['X-Signed', 'X-Zulu, x-id'],
    ['X-Zulu', ' z '],
    ['X-Unsigned', 'x-none'],
    ['X-Several', 'x-twice'],
  ] as const,
  body: Buffer.from('{"id":"evt","amount":1.50,"empty":"","nested":{"a/b":true},"none":null}'),
  receivedAt: 0,
  method: 'post',
  url: 'https://example.com/hook?ID=AbC&x=1&x=2#f',
}

function messageOf(part: MessagePart, eventId?: WebhookField, change: Partial<MessageContext> = {}): string {
  const reader = new RequestReader(request)
  const context = { reader, timestamp: '1700', url: request.url, bodyHashes: ['first', 'second'], ...change }
  const pieces: MessagePiece[] = []
  const failure = compilePart(part, { eventId, bodyHash: 1 })(context, pieces)
  return failure ?? Buffer.from(joinPieces(pieces)).toString()
}

describe('compilePart', () => {
  test.each<[MessagePart, string]>([
    [{ part: 'literal', value: 'v0:é' }, 'v0:é'],
    [{ part: 'body' }, request.body.toString()],
    [{ part: 'bodyHash', hash: 'sha1', encoding: 'hex' }, 'second'],
    [{ part: 'timestamp' }, '1700'],
    [{ part: 'id' }, 'missing_field'],
    [{ part: 'method' }, 'POST'],
    [{ part: 'url' }, 'https://example.com/hook?ID=AbC&x=1&x=2'],
    [{ part: 'header', name: 'x-id' }, 'id-1'],
    [{ part: 'query', name: 'ID' }, 'AbC'],
    [{ part: 'query', name: 'ID', lowerCase: true }, 'abc'],
    [{ part: 'field', pointer: '/id' }, 'evt'],
    [{ part: 'field', pointer: '/amount' }, '1.50'],
    [{ part: 'field', pointer: '/empty' }, ''],
    [{ part: 'field', pointer: '/nested/a~1b' }, 'true'],
    [{ part: 'field', pointer: '/none', absentAs: 'null' }, 'null'],
    [{ part: 'field', pointer: '/absent', absentAs: '' }, ''],
    [{ part: 'headerList', listedIn: 'x-signed', separator: ',', pair: ':', join: ';' }, 'x-zulu:z;x-id:id-1'],
    [
      { part: 'headerList', listedIn: 'x-signed', separator: ',', pair: ':', join: ';', sorted: true },
      'x-id:id-1;x-zulu:z',
    ],
  ])('writes %j as %j', (part, text) => {
    expect(messageOf(part)).toBe(text)
  })

  test('writes the event id where it is', () => {
    expect(messageOf({ part: 'id' }, { from: 'header', name: 'x-id', signed: true })).toBe('id-1')
    expect(messageOf({ part: 'id' }, { from: 'body', pointer: '/id', signed: true })).toBe('evt')
  })

  test('puts text around a value, and around none', () => {
    expect(messageOf({ part: 'header', name: 'x-id', before: 'id:', after: ';' })).toBe('id:id-1;')
    expect(messageOf({ part: 'header', name: 'x-none', before: 'id:', after: ';', optional: true })).toBe('')
  })

  test.each<[MessagePart, string]>([
    [{ part: 'header', name: 'x-none' }, 'missing_header'],
    [{ part: 'header', name: 'x-twice' }, 'duplicate_header'],
    [{ part: 'header', name: 'x-twice', optional: true }, 'duplicate_header'],
    [{ part: 'query', name: 'none' }, 'missing_field'],
    [{ part: 'query', name: 'x' }, 'duplicate_field'],
    [{ part: 'query', name: 'id' }, 'missing_field'],
    [{ part: 'field', pointer: '/absent' }, 'missing_field'],
    [{ part: 'field', pointer: '/none' }, 'missing_field'],
    [{ part: 'field', pointer: '/nested' }, 'missing_field'],
    [{ part: 'sortedForm', duplicates: 'sorted' }, 'unsigned_body'],
    [{ part: 'headerList', listedIn: 'x-none', separator: ',', pair: ':', join: ';' }, 'missing_header'],
    [{ part: 'headerList', listedIn: 'x-unsigned', separator: ',', pair: ':', join: ';' }, 'missing_header'],
    [{ part: 'headerList', listedIn: 'x-several', separator: ',', pair: ':', join: ';' }, 'duplicate_header'],
    [{ part: 'headerList', listedIn: 'x-twice', separator: ',', pair: ':', join: ';' }, 'duplicate_header'],
  ])('refuses %j: %s', (part, reason) => {
    expect(messageOf(part)).toBe(reason)
  })

  test('refuses a URL that is not known', () => {
    expect(messageOf({ part: 'url' }, undefined, { url: undefined })).toBe('missing_url')
    expect(messageOf({ part: 'url' }, undefined, { url: '/hook' })).toBe('missing_url')
  })
})

describe('withSecret', () => {
  test('puts the secret where its place is, and nowhere else', () => {
    const secret = Uint8Array.of(1, 2)
    const empty = new Uint8Array(0)
    expect(withSecret(['a', secretPlace, empty, 'b'], secret)).toEqual(['a', secret, empty, 'b'])
  })

  test('has its place in the message', () => {
    const pieces: MessagePiece[] = []
    const context = { reader: new RequestReader(request), timestamp: '', url: undefined, bodyHashes: [] }
    compilePart({ part: 'secret', before: '|', after: '|' }, { eventId: undefined, bodyHash: -1 })(context, pieces)
    expect(joinPieces(withSecret(pieces, Buffer.from('s')))).toEqual(Uint8Array.from(Buffer.from('|s|')))
  })
})
