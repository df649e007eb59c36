import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostOf } from '../../src/fetch/request-facts.ts'
import { pathOf } from '../../src/rate-limit/path-pattern.ts'

const label = fc.oneof(
  fc.stringMatching(/^[a-zA-Z\d-]{1,8}$/),
  fc.constantFrom(
    '1',
    '255',
    '256',
    '010',
    '0x7f',
    '99999999999',
    'xn--a',
    'xn--mnchen-3ya',
    'ü',
    '',
    '%41',
    'a_b',
    '*',
  ),
)
const host = fc.oneof(
  fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
)
const port = fc.oneof(
  fc.constantFrom('', ':', ':80', ':443', ':0443', ':00', ':0', ':65535', ':65536', ':99999', ':x'),
  fc.nat(70_000).map((number) => `:${number}`),
)
const url = fc
  .tuple(
    fc.constantFrom('https://', 'http://', 'HTTPS://', 'https:/', 'http:', 'ftp://', '//', ' https://', ''),
    fc.constantFrom('', 'user@', 'user:password@', '@'),
    host,
    port,
    fc.constantFrom('', '/', '/path', '?query', '#fragment', '\\path', '/a/../b', '/\t', ' '),
  )
  .map((parts) => parts.join(''))

describe('hostOf', () => {
  it('agrees with the parser of URLs about every URL', () => {
    fc.assert(
      fc.property(fc.oneof(url, fc.webUrl({ withQueryParameters: true }), fc.string()), (text) => {
        expect(hostOf(text)).toBe(URL.parse(text)?.host ?? '')
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('pathOf', () => {
  it('agrees with the parser of URLs about every URL that is written as that would write it', () => {
    fc.assert(
      fc.property(fc.oneof(url, fc.webUrl({ withQueryParameters: true, withFragments: true })), (text) => {
        const parsed = URL.parse(text)
        if (parsed?.protocol.startsWith('http') === true) expect(pathOf(parsed.href)).toBe(parsed.pathname)
      }),
      { numRuns: 2_000 },
    )
  })

  it('gives a text for any text', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof pathOf(text) === 'string'))
  })
})
