import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactText, redactUrl } from '../../src/errors/redact.ts'

const SECRET = 'hunter2hunter2'
const LONG_SECRET = `${SECRET}${SECRET}`
const part = fc.stringMatching(/^[\w.~!$&'()*+,;=%-]{0,12}$/)
const url = fc.record({
  scheme: fc.constantFrom('https:', 'http:', 'postgres:', 'HTTPS:', ''),
  host: fc.constantFrom('api.example.com', 'localhost:8080', '[::1]:5432', 'EXAMPLE.com', '192.0.2.1'),
  path: fc.array(part, { maxLength: 3 }).map((segments) => segments.map((segment) => `/${segment}`).join('')),
})

describe('redactUrl', () => {
  it('shows nothing of user, password, query and fragment, and everything of host and path', () => {
    fc.assert(
      fc.property(url, part, fc.constantFrom('', 'GET ', 'PATCH '), ({ scheme, host, path }, text, method) => {
        const secret = `${text}${SECRET}`
        const shown = `${method}${scheme}//${host}${path}`
        for (const hidden of [
          `${method}${scheme}//${secret}@${host}${path}`,
          `${method}${scheme}//user:${secret}@${host}${path}`,
          `${shown}?${secret}`,
          `${shown}?key=${secret}#${secret}`,
          `${shown}#${secret}`,
        ]) {
          const redacted = redactUrl(hidden)
          expect(redacted).not.toContain(SECRET)
          expect(redacted.startsWith(shown)).toBe(true)
        }
      }),
    )
  })

  it('gives a text that is not longer by more than a mark, for any text, and changes it only once', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true })), (text) => {
        const redacted = redactUrl(text)
        expect(redacted.length).toBeLessThanOrEqual(text.length + 1)
        expect(redactUrl(redacted)).toBe(redacted)
      }),
    )
  })
})

describe('redactText', () => {
  it('shows no secret, whatever stands around it', () => {
    const around = fc.string().filter((text) => !text.includes('://'))
    fc.assert(
      fc.property(around, around, part, (before, after, text) => {
        for (const hidden of [
          `Bearer ${SECRET}`,
          `token=${SECRET}`,
          `"client_secret": "${SECRET}"`,
          `https://user:${SECRET}@api.example.com/`,
          `https://api.example.com/things?${text.replaceAll("'", '')}=${SECRET}`,
          LONG_SECRET,
        ])
          expect(redactText(`${before} ${hidden} ${after}`)).not.toContain(SECRET)
      }),
      { numRuns: 1_000 },
    )
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ maxLength: 500 }), (text) => typeof redactText(text) === 'string'))
  })
})
