import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonSpellings } from '../../src/verify/json-spellings.ts'

describe('jsonSpellings', () => {
  test('writes a value as JavaScript, Python and PHP do', () => {
    const spellings = jsonSpellings('{ "a": [1, "é/\\n"], "b": {}, "c": [] }')
    expect(spellings).toContain('{"a":[1,"é/\\n"],"b":{},"c":[]}')
    expect(spellings).toContain('{"a": [1, "é/\\n"], "b": {}, "c": []}')
    expect(spellings).toContain('{"a": [1, "\\u00e9/\\n"], "b": {}, "c": []}')
    expect(spellings).toContain('{"a":[1,"é\\/\\n"],"b":{},"c":[]}')
    expect(spellings).toContain('{"a":[1,"\\u00e9\\/\\n"],"b":{},"c":[]}')
    expect(spellings).toContain('{\n  "a": [\n    1,\n    "é/\\n"\n  ],\n  "b": {},\n  "c": []\n}')
  })

  test('gives other spellings of the same value only', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        for (const spelling of jsonSpellings(text)) {
          expect(spelling).not.toBe(text)
          expect(JSON.parse(spelling)).toEqual(JSON.parse(text))
        }
      }),
    )
  })

  test('knows none of what is no JSON', () => {
    expect(jsonSpellings('a=1')).toEqual([])
  })

  test.each([33, 3_000, 30_000])('knows none of what is nested %i levels deep', (depth) => {
    expect(jsonSpellings('['.repeat(depth) + ']'.repeat(depth))).toEqual([])
  })

  test('writes again what is nested as deeply as events are', () => {
    expect(jsonSpellings(`${'['.repeat(32)} 1 ${']'.repeat(32)}`)).toContain('['.repeat(32) + '1' + ']'.repeat(32))
  })
})
