import fc from 'fast-check'
import { parseItem } from 'structured-headers'
import { describe, expect, test } from 'vitest'
import type { HeaderPairs } from '../../../src/buffer/event-buffer.ts'
import { componentOf, componentValue } from '../../../src/verify/http-signature/component.ts'
import { RequestReader } from '../../../src/verify/request-reader.ts'

/** The value of a component that is written as in RFC 9421. */
function valueOf(
  written: string,
  headers: HeaderPairs = [],
  url = 'https://www.example.com/path?param=value',
  method = 'POST',
) {
  const component = componentOf(parseItem(written) as Parameters<typeof componentOf>[0])
  const request = { headers, url, method, body: new Uint8Array(0), receivedAt: 0 }
  return component && componentValue(component, new RequestReader(request))
}

describe('derived components', () => {
  // The examples of RFC 9421 section 2.2.
  test.each([
    ['"@method"', undefined, 'POST'],
    ['"@target-uri"', 'https://www.example.com/path?param=value', 'https://www.example.com/path?param=value'],
    ['"@authority"', 'https://www.example.com/path?param=value', 'www.example.com'],
    ['"@scheme"', 'http://www.example.com/path?param=value', 'http'],
    ['"@request-target"', 'https://www.example.com/path?param=value', '/path?param=value'],
    ['"@path"', 'https://www.example.com/path?param=value', '/path'],
    [
      '"@query"',
      'https://www.example.com/path?param=value&foo=bar&baz=bat%2Dman',
      '?param=value&foo=bar&baz=bat%2Dman',
    ],
    ['"@query"', 'https://www.example.com/path?queryString', '?queryString'],
    ['"@query"', 'https://www.example.com/path', '?'],
    ['"@query"', 'https://www.example.com/path?', '?'],
    ['"@query-param";name="baz"', 'https://www.example.com/path?param=value&foo=bar&baz=batman&qux=', 'batman'],
    ['"@query-param";name="qux"', 'https://www.example.com/path?param=value&foo=bar&baz=batman&qux=', ''],
    ['"@query-param";name="param"', 'https://www.example.com/path?param=value&foo=bar&baz=batman&qux=', 'value'],
  ])('%s of %s is %j', (written, url, value) => {
    expect(valueOf(written, [], url)).toBe(value)
  })

  test.each([
    ['var', 'this%20is%20a%20big%0Amultiline%20value'],
    ['bar', 'with%20plus%20whitespace'],
    ['fa%C3%A7ade%22%3A%20', 'something'],
  ])('writes the parameter %s in the one way of section 2.2.8', (name, value) => {
    const url =
      'https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something'
    expect(valueOf(`"@query-param";name="${name}"`, [], url)).toBe(value)
  })

  test.each([
    ['"@authority"', 'https://WWW.Example.COM:443/', 'www.example.com'],
    ['"@authority"', 'http://www.example.com:80/', 'www.example.com'],
    ['"@authority"', 'https://www.example.com:8443/', 'www.example.com:8443'],
    ['"@authority"', 'http://www.example.com:443/', 'www.example.com:443'],
    ['"@authority"', 'https://user:pass@www.example.com/', 'www.example.com'],
    ['"@authority"', 'https://[2001:db8::1]:443/', '[2001:db8::1]'],
    ['"@target-uri"', 'HTTPS://Example.com:443', 'https://example.com/'],
    ['"@target-uri"', 'https://example.com/A%2fb?C=%d#fragment', 'https://example.com/A%2fb?C=%d'],
    ['"@path"', 'https://example.com', '/'],
    ['"@path"', 'https://example.com?a', '/'],
    ['"@path"', '/only/a/path?a', '/only/a/path'],
    ['"@query"', '/only/a/path?a', '?a'],
    ['"@request-target"', '/only/a/path?a', '/only/a/path?a'],
  ])('%s of %s is %j', (written, url, value) => {
    expect(valueOf(written, [], url)).toBe(value)
  })

  test.each([
    ['of a URL that is no more than a path, the host', '"@authority"', '/path'],
    ['of a URL that is no more than a path, the target', '"@target-uri"', '/path'],
    ['a parameter that is absent', '"@query-param";name="a"', 'https://example.com/?b=c'],
    ['a parameter that comes twice', '"@query-param";name="a"', 'https://example.com/?a=b&a=b'],
    ['a parameter without name', '"@query-param"', 'https://example.com/?a=b'],
    ['a parameter of an answer', '"@query-param";name="a";req', 'https://example.com/?a=b'],
    ['a method of an answer', '"@method";req', 'https://example.com/'],
    ['a status', '"@status"', 'https://example.com/'],
    ['a component that nobody knows', '"@body"', 'https://example.com/'],
    ['the parameters of the signature', '"@signature-params"', 'https://example.com/'],
  ])('has no value for %s', (_title, written, url) => {
    expect(valueOf(written, [], url)).toBeUndefined()
  })

  test('keeps the case of the method', () => {
    expect(valueOf('"@method"', [], 'https://a.example/', 'Patch')).toBe('Patch')
  })
})

describe('fields', () => {
  // The examples of RFC 9421 section 2.1.
  const headers: HeaderPairs = [
    ['Host', 'www.example.com'],
    ['Date', 'Tue, 20 Apr 2021 02:07:56 GMT'],
    ['X-OWS-Header', '   Leading and trailing whitespace.   '],
    ['X-Obs-Fold-Header', 'Obsolete line folding.'],
    ['Cache-Control', 'max-age=60'],
    ['Cache-Control', '   must-revalidate'],
    ['Example-Dict', ' a=1,    b=2;x=1;y=2,   c=(a   b   c), d'],
    ['X-Empty-Header', ''],
    ['Example-Header', 'value, with, lots'],
    ['Example-Header', 'of, commas'],
  ]

  test.each([
    ['"host"', 'www.example.com'],
    ['"date"', 'Tue, 20 Apr 2021 02:07:56 GMT'],
    ['"x-ows-header"', 'Leading and trailing whitespace.'],
    ['"cache-control"', 'max-age=60, must-revalidate'],
    ['"example-dict"', 'a=1,    b=2;x=1;y=2,   c=(a   b   c), d'],
    ['"example-dict";sf', 'a=1, b=2;x=1;y=2, c=(a b c), d'],
    ['"example-dict";key="a"', '1'],
    ['"example-dict";key="d"', '?1'],
    ['"example-dict";key="b"', '2;x=1;y=2'],
    ['"example-dict";key="c"', '(a b c)'],
    ['"x-empty-header"', ''],
    ['"example-header";bs', ':dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:'],
  ])('%s is %j', (written, value) => {
    expect(valueOf(written, headers)).toBe(value)
  })

  test('reads lists and items as structures too', () => {
    expect(valueOf('"a";sf', [['a', '"x" ,  y;q=1']])).toBe('"x", y;q=1')
    expect(valueOf('"a";sf', [['a', '  :AAA=:  ']])).toBe(':AAA=:')
  })

  test.each([
    ['an absent field', '"x-absent"'],
    ['an absent member', '"example-dict";key="e"'],
    ['a member of a field that is no dictionary', '"date";key="a"'],
    ['a structure that is none', '"date";sf'],
    ['bytes and structure at once', '"example-dict";bs;sf'],
    ['bytes of a member', '"example-dict";bs;key="a"'],
    ['a trailer', '"date";tr'],
    ['a field of another request', '"date";req'],
    ['a parameter that nobody knows', '"date";x'],
    ['a parameter that is switched off', '"example-dict";sf=?0'],
    ['a member whose name is no string', '"example-dict";key=1'],
    ['a name in upper case', '"Date"'],
    ['a name that is no string', 'date'],
  ])('has no value for %s', (_title, written) => {
    expect(valueOf(written, headers)).toBeUndefined()
  })

  test('takes text that somebody decoded as UTF-8, like bytes', () => {
    const wire = Buffer.from('é€').toString('latin1')
    expect(valueOf('"a"', [['a', 'é€']])).toBe(wire)
    expect(valueOf('"a"', [['a', wire]])).toBe(wire)
  })

  test('never throws, whatever field and component', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.constantFrom('"a"', '"a";sf', '"a";bs', '"a";key="k"', '"a";bs;sf'),
        (value, written) => void valueOf(written, [['a', value]]),
      ),
      { numRuns: 3_000 },
    )
  })
})
