import { readPointer } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { itemSpans, valueSpan } from '../../src/batch/json-spans.ts'
import { jsonBytes } from './json-text.ts'

const decoder = new TextDecoder()

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function items(json: Uint8Array, pointer: string): readonly string[] {
  return [...itemSpans(json, pointer)].map(({ start, end }) => decoder.decode(json.subarray(start, end)))
}

/** Every pointer into a value, and some that lead nowhere. */
function pointersOf(value: unknown, at = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [at, `${at}/events`]
  const inside = Object.entries(value).flatMap(([key, item]) =>
    pointersOf(item, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
  return [at, `${at}/events`, `${at}/0`, `${at}/01`, ...inside]
}

describe('itemSpans', () => {
  test('cuts items out byte for byte, without the white space around them', () => {
    const json = bytes(' [ {"a": 1.0} ,\r\n"x",[ ], 12345678901234567890 ]\r\n')
    expect(items(json, '')).toEqual(['{"a": 1.0}', '"x"', '[ ]', '12345678901234567890'])
  })

  test('finds the array at a pointer, through objects and arrays', () => {
    const json = bytes('{"skip":["}"],"list":[0,{"a/b":{"~":[1,2]}}]}')
    expect(items(json, '/list/1/a~1b/~0')).toEqual(['1', '2'])
  })

  test('finds nothing where no array is', () => {
    const json = bytes('{"value":{"0":[1]},"text":"[1]","list":[[1]]}')
    for (const pointer of [
      '',
      '/value',
      '/text',
      '/absent',
      '/list/1',
      '/list/00',
      '/list/-1',
      '/list/x',
      '/value/0/0',
    ])
      expect(items(json, pointer), pointer).toEqual([])
  })

  test('takes the last of members with the same name, escapes resolved, as JSON.parse does', () => {
    expect(items(bytes(String.raw`{"value":[1],"valu\u0065":[2,3]}`), '/value')).toEqual(['2', '3'])
    expect(items(bytes('{"value":[1],"value":"none"}'), '/value')).toEqual([])
  })

  test('is not misled by brackets, quotes and backslashes in strings', () => {
    const json = bytes(String.raw`{"\"value\":[0],":"]","value":["a]","b\\","c\"]","\\\"["]}`)
    expect(items(json, '/value')).toEqual(['"a]"', String.raw`"b\\"`, String.raw`"c\"]"`, String.raw`"\\\"["`])
  })

  test('passes a byte order mark and bytes that are no UTF-8', () => {
    const json = Uint8Array.of(0xef, 0xbb, 0xbf, 0x5b, 0x22, 0xc3, 0x22, 0x2c, 0x22, 0xff, 0xf0, 0x22, 0x5d)
    expect([...itemSpans(json, '')]).toEqual([
      { start: 4, end: 7 },
      { start: 8, end: 12 },
    ])
  })

  test('finds what JSON.parse finds, whatever the JSON', () => {
    fc.assert(
      fc.property(jsonBytes, (json) => {
        const parsed: unknown = JSON.parse(decoder.decode(json))
        for (const pointer of pointersOf(parsed)) {
          const wanted = readPointer(parsed, pointer)
          const found = items(json, pointer).map((text) => JSON.parse(text) as unknown)
          expect(found, pointer).toEqual(Array.isArray(wanted) ? wanted : [])
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('ends and stays inside the bytes, whatever they are', () => {
    const soup = fc.array(fc.constantFrom(...bytes('{}[]",:\\ 1a\n'), 0xff, 0xef), { maxLength: 60 })
    fc.assert(
      fc.property(soup, fc.constantFrom('', '/a', '/0', '/1/a'), (values, pointer) => {
        for (const { start, end } of itemSpans(Uint8Array.from(values), pointer)) {
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(values.length)
        }
      }),
      { numRuns: 20_000 },
    )
  })

  test('takes any depth', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    expect([...itemSpans(bytes(`[${deep},1]`), '')]).toHaveLength(2)
  })

  test('takes linear time where every byte could be looked at again', () => {
    const count = 400_000
    const startedAt = performance.now()
    expect([...itemSpans(bytes(`["${'\\\\'.repeat(count)}","${'\\"'.repeat(count)}"]`), '')]).toHaveLength(2)
    // Quadratic time would be minutes.
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})

describe('valueSpan', () => {
  test('finds what JSON.parse finds, as it is written', () => {
    fc.assert(
      fc.property(jsonBytes, (json) => {
        const parsed: unknown = JSON.parse(decoder.decode(json))
        for (const pointer of pointersOf(parsed)) {
          const span = valueSpan(json, pointer)
          const found = span && (JSON.parse(decoder.decode(json.subarray(span.start, span.end))) as unknown)
          expect(found, pointer).toEqual(readPointer(parsed, pointer))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test.each(['1.0', '-0', '1e3', '12345678901234567890'])('keeps the number %s digit by digit', (digits) => {
    const json = bytes(`{"a":[0, ${digits} ]}`)
    const { start, end } = valueSpan(json, '/a/1') ?? { start: 0, end: 0 }
    expect(decoder.decode(json.subarray(start, end))).toBe(digits)
  })
})
