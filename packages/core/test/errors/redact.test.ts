import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redactText, redactUrl } from '../../src/errors/redact.ts'

describe('redactUrl', () => {
  test.each([
    ['https://api.example/v1/things', 'https://api.example/v1/things'],
    ['https://api.example:8443/v1?token=s3cret', 'https://api.example:8443/v1?…'],
    ['https://api.example/v1#token=s3cret', 'https://api.example/v1'],
    ['https://api.example/v1?a=b#s3cret', 'https://api.example/v1?…'],
    ['https://api.example/v1#s3cret?a', 'https://api.example/v1'],
    ['https://api.example/v1?a=s3cret and more s3cret', 'https://api.example/v1?…'],
    ['https://user:s3cret@api.example/', 'https://api.example/'],
    ['https://s3cret@api.example/', 'https://api.example/'],
    ['https://user:s3@cret@api.example/', 'https://api.example/'],
    ['https://user:s3 cret@api.example/', 'https://api.example/'],
    ['https://user:s3/cret@api.example/', 'https://…'],
    ['https://user:s3?cret@api.example/', 'https://…?…'],
    ['https://user:s3#cret@api.example/', 'https://…'],
    ['https:user:s3cret@api.example/x', 'https:api.example/x'],
    ['https:\\\\user:s3cret@api.example\\x', 'https:\\\\api.example\\x'],
    ['//user:s3cret@api.example/x', '//api.example/x'],
    ['GET https://user:s3cret@api.example/x?y=z', 'GET https://api.example/x?…'],
    ['https://[2001:db8::1]:8443/x?y', 'https://[2001:db8::1]:8443/x?…'],
    ['/relative/path?token=s3cret', '/relative/path?…'],
    ['?token=s3cret', '?…'],
    ['#s3cret', ''],
    ['data:text/plain,s3cret', 'data:…'],
    ['not a URL', 'not a URL'],
    ['', ''],
  ])('turns %s into %s', (url, redacted) => {
    expect(redactUrl(url)).toBe(redacted)
    expect(redactUrl(url)).not.toContain('s3cret')
  })

  test('shows no user, password, query or fragment of any URL that can be sent', () => {
    const marked = fc.stringMatching(/^[\w!$&'()*+,;=@:% ]{0,8}$/).map((text) => `${text}s3cret${text}`)
    fc.assert(
      fc.property(marked, marked, fc.webUrl(), marked, marked, (user, password, base, query, fragment) => {
        const secrets = base.replace('://', `://${encodeURIComponent(user)}:${encodeURIComponent(password)}@`)
        const redacted = redactUrl(`${secrets}?${query}#${fragment}`)
        expect(redacted).not.toContain('s3cret')
        expect(redacted.startsWith(base.replace(/[?#].*$/, ''))).toBe(true)
      }),
    )
  })

  test('changes nothing that is redacted already', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string()), (url) => {
        expect(redactUrl(redactUrl(url))).toBe(redactUrl(url))
      }),
    )
  })
})

describe('redactText', () => {
  test.each([
    ['Card declined.', 'Card declined.'],
    ['See https://u:p@docs.example/a?key=1 for more', 'See https://docs.example/a?… for more'],
    ['Authorization: Bearer abc.def', 'Authorization: Bearer …'],
    ['token=hunter2&other=1', 'token=…&other=1'],
    ['{"client_secret": "hunter2"}', '{"client_secret": "…"}'],
    ['api-key: hunter2', 'api-key: …'],
    ['key sk_live_4eC39HqLyjWDarjtT1zdp7dc is wrong', 'key … is wrong'],
    ['id 3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'id …'],
    ['internationalization-of-everything', 'internationalization-of-everything'],
  ])('turns %s into %s', (text, redacted) => {
    expect(redactText(text)).toBe(redacted)
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof redactText(text)).toBe('string')
      }),
    )
  })
})
