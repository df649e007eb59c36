import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinUrl, queryOf, splitUrl } from '../../src/verify/request-url.ts'

describe('splitUrl', () => {
  test('splits an absolute URL without changing a character of it', () => {
    expect(splitUrl('HTTPS://User:p@ss@Example.com:8443/A%20b/../c?x=%7E&y#z')).toEqual({
      scheme: 'HTTPS://',
      credentials: 'User:p@ss@',
      host: 'Example.com',
      port: ':8443',
      path: '/A%20b/../c',
      query: '?x=%7E&y',
    })
  })

  test.each([
    ['/hook?a=1', { scheme: '', host: '', path: '/hook', query: '?a=1' }],
    ['https://example.com', { host: 'example.com', port: '', path: '', query: '' }],
    ['https://example.com?', { host: 'example.com', path: '', query: '?' }],
    ['https://[2001:db8::1]/a', { host: '[2001:db8::1]', port: '', path: '/a' }],
    ['https://[2001:db8::1]:443/a', { host: '[2001:db8::1]', port: ':443' }],
    ['https://example.com/#a?b', { path: '/', query: '' }],
    ['/redirect?to=https://other.example/', { scheme: '', host: '', path: '/redirect' }],
  ])('splits %s', (url, pieces) => {
    expect(splitUrl(url)).toMatchObject(pieces)
  })

  test('loses nothing but a fragment, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', 'https://', 'https://a:b@c'), (text, start) => {
        const url = start + text
        expect(joinUrl(splitUrl(url))).toBe(url.split('#')[0])
      }),
    )
  })
})

describe('queryOf', () => {
  test('is what is between the question mark and a fragment', () => {
    expect(['/a?b=1?c#d?e', '/a#?b', '/a', '?'].map(queryOf)).toEqual(['b=1?c', 'b', '', ''])
  })
})
