import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linkTarget } from '../../src/client/link-header.ts'
import { headerValue } from '../header-value.ts'

const target = fc.webUrl({ withQueryParameters: true, withFragments: true })
const name = fc.stringMatching(/^[a-z]{1,8}$/).filter((text) => text !== 'rel' && text !== 'anchor')
/** What may stand between quotes, as it is written there. */
const quoted = headerValue.map((text) => text.replaceAll(/["\\]/g, '\\$&'))

describe('linkTarget', () => {
  it('gives a text or nothing, whatever the header holds', () => {
    fc.assert(
      fc.property(fc.oneof(headerValue, fc.stringMatching(/^(?:<[a-z<>]*>|;|=|rel|"|,|\\| )*$/)), (header) => {
        expect(['string', 'undefined']).toContain(typeof linkTarget(header, 'next'))
      }),
      { numRuns: 2_000 },
    )
  })

  it('finds the link among others, whatever their parameters hold', () => {
    const others = fc.array(fc.record({ target, name, value: quoted }), { maxLength: 3 })
    fc.assert(
      fc.property(target, others, name, quoted, fc.boolean(), (wanted, before, parameter, value, inQuotes) => {
        const links = before.map((link) => `<${link.target}>; ${link.name}="${link.value}"; rel=prev`)
        const rel = inQuotes ? `"start NEXT"` : 'next'
        const header = [...links, `<${wanted}>; ${parameter}="${value}"; rel=${rel}`].join(', ')
        expect(linkTarget(header, 'next')).toBe(wanted)
        expect(linkTarget(header, 'first')).toBeUndefined()
      }),
    )
  })
})
