import { describe, expect, test } from 'vitest'
import { writeUrl } from '../../src/verify/message-url.ts'

const url = 'https://u:p@Example.com:8443/a%20b?z=1&a=%41&a=+#top'

describe('writeUrl', () => {
  test('writes the whole URL as it came, without a fragment', () => {
    expect(writeUrl(url, {})).toBe('https://u:p@Example.com:8443/a%20b?z=1&a=%41&a=+')
    expect(writeUrl('https://example.com', {})).toBe('https://example.com')
  })

  test('writes a part of it', () => {
    expect(writeUrl(url, { form: 'pathAndQuery' })).toBe('/a%20b?z=1&a=%41&a=+')
    expect(writeUrl(url, { form: 'path' })).toBe('/a%20b')
    expect(writeUrl('/a?b', { form: 'pathAndQuery' })).toBe('/a?b')
  })

  test('sorts parameters by name and value, decoded', () => {
    expect(writeUrl(url, { form: 'pathAndQuery', sortQuery: true })).toBe('/a%20b?a= &a=A&z=1')
    expect(writeUrl('https://example.com/?', { sortQuery: true })).toBe('https://example.com/')
  })

  test('writes none where the URL is not known, or not whole where the whole is signed', () => {
    expect(writeUrl(undefined, {})).toBeUndefined()
    expect(writeUrl('/a?b=://', {})).toBe('/a?b=://')
    expect(writeUrl('/a', {})).toBeUndefined()
    expect(writeUrl('/a', { sortQuery: true })).toBeUndefined()
  })

  test('writes letters outside of ASCII as UTF-8, and bytes as they are', () => {
    expect(writeUrl('https://example.com/€', {})).toBe('https://example.com/\u00e2\u0082\u00ac')
    expect(writeUrl('https://example.com/\u00e9', {})).toBe('https://example.com/\u00e9')
  })
})
