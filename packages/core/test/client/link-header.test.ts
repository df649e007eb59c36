import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linkTarget } from '../../src/client/link-header.ts'

describe('linkTarget', () => {
  it.each([
    ['<https://a.example/?page=2>; rel="next"', 'https://a.example/?page=2'],
    ['<https://a.example/1>; rel="prev", <https://a.example/3>; rel="next"', 'https://a.example/3'],
    ['</x?page=2>;rel=next', '/x?page=2'],
    ['</x>; title="a, <b>; rel=prev"; rel="next"', '/x'],
    ['</x>; title="say \\"hi\\""; rel="next"', '/x'],
    ['</x>; rel="Last NEXT"', '/x'],
    ['</a,b;c>; rel="next"', '/a,b;c'],
    ['</x> ; REL = "next"', '/x'],
    ['</x>; crossorigin; rel="next"', '/x'],
    ['<>; rel="next"', ''],
  ])('finds the next page in %s', (header, target) => {
    expect(linkTarget(header, 'next')).toBe(target)
  })

  it.each([
    [null],
    [''],
    ['https://a.example/2; rel="next"'],
    ['<https://a.example/2>'],
    ['<https://a.example/2>; rel="nextish"'],
    ['<https://a.example/2>; rel="prev"; rel="next"'],
    ['<https://a.example/2>; rel="next"; anchor="#other"'],
  ])('finds none in %s', (header) => {
    expect(linkTarget(header, 'next')).toBeUndefined()
  })

  it('never throws, and answers a long header of nothing at once', () => {
    fc.assert(fc.property(fc.string(), (text) => void linkTarget(text, 'next')))
    expect(linkTarget(`<${'<;="'.repeat(20_000)}`, 'next')).toBeUndefined()
    expect(linkTarget(`</x>${'; a'.repeat(20_000)}`, 'next')).toBeUndefined()
    expect(linkTarget(`</x>; a="${'\\'.repeat(20_000)}`, 'next')).toBeUndefined()
    expect(linkTarget(`</x>${' ;'.repeat(20_000)}`, 'next')).toBeUndefined()
  })
})
