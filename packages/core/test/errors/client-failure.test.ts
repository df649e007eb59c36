import { describe, expect, it } from 'vitest'
import { bodyOf, headersOf, readGenericFailure } from '../../src/errors/client-failure.ts'

describe('headersOf', () => {
  it.each([
    ['Headers', new Headers({ 'Retry-After': '7' })],
    ['a map', new Map([['retry-after', '7']])],
    ['an object', { 'Retry-After': '7' }],
    ['numbers', { 'retry-after': 7 }],
    ['lists', { 'retry-after': ['7'] }],
  ])('reads %s', (_, value) => {
    expect(headersOf(value).get('retry-after')).toBe('7')
  })

  it('leaves out what is no header', () => {
    const headers = headersOf({ 'no name': 'x', fine: 'yes', broken: 'a\nb', nothing: undefined, deep: { a: 1 } })
    expect([...headers]).toEqual([['fine', 'yes']])
  })

  it.each([undefined, null, 'text', 7, () => {}])('reads nothing from %s', (value) => {
    expect([...headersOf(value)]).toEqual([])
  })

  it('reads nothing from an iterator that throws', () => {
    const value = {
      [Symbol.iterator]: () => {
        throw new Error('no')
      },
    }
    expect([...headersOf(value)]).toEqual([])
  })
})

describe('bodyOf', () => {
  it.each<readonly [string, unknown, unknown]>([
    ['an object', { a: 1 }, { a: 1 }],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    ['a list', [1], [1]],
    ['JSON text', ' {"a":1}', { a: 1 }],
    ['JSON bytes', new TextEncoder().encode('{"a":1}'), { a: 1 }],
    ['a JSON buffer', new TextEncoder().encode('{"a":1}').buffer, { a: 1 }],
    ['other text', '<html>', '<html>'],
    ['broken JSON', '{"a":', '{"a":'],
  ])('reads %s', (_, body, expected) => {
    expect(bodyOf(body)).toEqual(expected)
  })

  it.each([
    ['a stream', new ReadableStream()],
    ['a map', new Map()],
    ['nothing', undefined],
    ['null', null],
    ['more bytes than an error needs', new Uint8Array(65_537)],
  ])('takes %s for not read', (_, body) => {
    expect(bodyOf(body)).toBeUndefined()
  })
})

describe('readGenericFailure', () => {
  it.each([
    ['itself', { status: 404, headers: {}, body: { a: 1 } }],
    ['itself, as node:http names it', { statusCode: 404, headers: {}, body: { a: 1 } }],
    ['its response', { response: { status: 404, headers: {}, data: { a: 1 } } }],
  ])('finds the answer in the error %s', (_, error) => {
    expect(readGenericFailure(error)).toMatchObject({ answer: { status: 404, headers: {}, body: { a: 1 } } })
  })

  it.each([
    ['no headers', { status: 404 }],
    ['no status of HTTP', { status: 40, headers: {} }],
    ['a status in words', { status: 'rejected', headers: {} }],
    ['nothing', {}],
  ])('finds none in an error with %s', (_, error) => {
    expect(readGenericFailure(error)).toBeUndefined()
  })
})
