import { parse, stringify } from 'node:querystring'
import type { UrlVariant } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { spellUrl } from '../../src/verify/url-variants.ts'

const variants: readonly UrlVariant[] = [
  'with_default_port',
  'without_port',
  'without_credentials',
  'normalized',
  'legacy_query',
  'percent_decoded',
  'encode_uri',
]

describe('spellUrl', () => {
  test.each<[UrlVariant, string, string]>([
    ['with_default_port', 'https://a.example/x', 'https://a.example:443/x'],
    ['with_default_port', 'HTTP://a.example?x', 'HTTP://a.example:80?x'],
    ['with_default_port', 'https://[::1]/x', 'https://[::1]:443/x'],
    ['without_port', 'https://a.example:8443/x:1', 'https://a.example/x:1'],
    ['without_credentials', 'https://u:p@a.example/@', 'https://a.example/@'],
    ['normalized', "https://A.example:443/a b?c='", 'https://a.example/a%20b?c=%27'],
    ['legacy_query', 'https://a.example/?b=1&a=~&b=2', 'https://a.example/?b=1&b=2&a=~'],
    ['legacy_query', 'https://a.example/?a=%7e+', 'https://a.example/?a=~%20'],
    ['percent_decoded', 'https://a.example/%3A?a=%2F%3f%20%25', 'https://a.example/:?a=/?%20%25'],
    ['encode_uri', 'https://a.example/\u00c3\u00a9?a=b', 'https://a.example/%C3%A9?a%253Db'],
  ])('%s of %s is %s', (variant, url, spelling) => {
    expect(spellUrl(url, [variant])).toEqual([url, spelling])
  })

  test.each<[UrlVariant, string]>([
    ['with_default_port', 'https://a.example:1/x'],
    ['with_default_port', 'ftp://a.example/x'],
    ['with_default_port', '/x'],
    ['without_port', 'https://[::1]/x'],
    ['normalized', '/x'],
    ['legacy_query', 'https://a.example/?'],
    ['encode_uri', '/x'],
  ])('%s of %s is the same', (variant, url) => {
    expect(spellUrl(url, [variant])).toEqual([url])
  })

  test('combines variants, each spelling once, the one that came first', () => {
    expect(spellUrl('https://u@a.example/', ['without_credentials', 'with_default_port'])).toEqual([
      'https://u@a.example/',
      'https://a.example/',
      'https://u@a.example:443/',
      'https://a.example:443/',
    ])
  })

  test('writes a query as Node does', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from("aA0 +%&=~'()*!/?:é😀")) })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), (pairs) => {
        const query = pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
        const url = `https://a.example/?${query}`
        const theirs = `https://a.example/?${stringify(parse(query, '&', '=', { maxKeys: 0 }))}`
        expect(spellUrl(url, ['legacy_query']).at(-1)).toBe(theirs)
      }),
    )
  })

  test('spells whatever the text, twice as many with each variant at most', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.subarray([...variants]), (text, some) => {
        for (const url of [text, `https://a.example/${text}`]) {
          const spellings = spellUrl(url, some)
          expect(spellings[0]).toBe(url)
          expect(spellings.length).toBeLessThanOrEqual(2 ** some.length)
        }
      }),
    )
  })
})
