import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJsonPointer, readPointer } from '../../src/connectors/json-pointer.ts'

// The example document of RFC 6901 section 5.
const document = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
  '~1': 9,
}

describe('readPointer', () => {
  test.each([
    ['', document],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
    ['/~01', 9],
  ])('reads %s as RFC 6901 says', (pointer, value) => {
    expect(readPointer(document, pointer)).toEqual(value)
  })

  test.each(['/foo/2', '/foo/00', '/foo/-', '/foo/01', '/foo/length', '/foo/0/0', '/nothing', '/nothing/more'])(
    'has no value at %s',
    (pointer) => {
      expect(readPointer(document, pointer)).toBeUndefined()
    },
  )

  test.each(['foo', '/~', '/~2', '#/foo'])('has no value at %s, which is no pointer', (pointer) => {
    expect(isJsonPointer(pointer)).toBe(false)
    expect(readPointer(document, pointer)).toBeUndefined()
  })

  test('sees only own properties', () => {
    expect(readPointer({}, '/constructor')).toBeUndefined()
    expect(readPointer([], '/__proto__')).toBeUndefined()
    expect(readPointer('text', '/length')).toBeUndefined()
  })

  test('reads null, false and empty text as the values that they are', () => {
    expect(readPointer({ a: null, b: false, c: '' }, '/a')).toBeNull()
    expect(readPointer({ a: null, b: false, c: '' }, '/b')).toBe(false)
    expect(readPointer({ a: null, b: false, c: '' }, '/c')).toBe('')
  })

  test('finds every member of every object again', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        for (const [key, value] of Object.entries(object)) {
          const pointer = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
          expect(readPointer(object, pointer)).toBe(value)
        }
      }),
    )
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), (value, pointer) => {
        readPointer(value, pointer)
        readPointer(value, `/${pointer}`)
      }),
    )
  })
})
