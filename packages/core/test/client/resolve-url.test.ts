import { describe, expect, it } from 'vitest'
import { resolveUrl } from '../../src/client/resolve-url.ts'

describe('resolveUrl', () => {
  it.each([
    ['https://a.example', 'x', 'https://a.example/x'],
    ['https://a.example/', '/x', 'https://a.example/x'],
    ['https://a.example/v1', '/x', 'https://a.example/v1/x'],
    ['https://a.example/v1//', '//x', 'https://a.example/v1/x'],
    ['https://a.example/v1?key=1#top', 'x?q=1', 'https://a.example/v1/x?q=1'],
    ['https://a.example/v1', '', 'https://a.example/v1'],
    ['https://a.example/v1', '?q=1', 'https://a.example/v1?q=1'],
    ['https://a.example/v1', 'things:batch', 'https://a.example/v1/things:batch'],
    ['https://a.example/v1', '/x?next=https://b.example', 'https://a.example/v1/x?next=https://b.example'],
  ])('appends to %s the relative %o', (base, url, expected) => {
    expect(resolveUrl(base, url)).toBe(expected)
  })

  it.each(['//b.example/x', '\\\\b.example/x', '/../../x', '@b.example', ':80@b.example'])(
    'keeps the host for %s',
    (url) => {
      expect(new URL(resolveUrl('https://a.example/v1', url)).host).toBe('a.example')
    },
  )

  it('takes an absolute URL as it is, and any URL without a base', () => {
    expect(resolveUrl('https://a.example', 'HTTPS://b.example/x')).toBe('HTTPS://b.example/x')
    expect(resolveUrl('https://a.example', new URL('https://b.example/x'))).toBe('https://b.example/x')
    expect(resolveUrl(undefined, '/x')).toBe('/x')
  })
})
