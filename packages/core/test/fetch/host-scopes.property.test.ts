import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFetch } from '../../src/fetch/create-fetch.ts'

// Few hosts in many spellings, so that calls meet what earlier ones have left.
const url = fc
  .tuple(
    fc.constantFrom('https://', 'http://', 'https:///', 'HTTPS://', 'https:/', 'https://\t/', '//', ''),
    fc.constantFrom('', '', '', 'user@', 'api.example.com@', 'api.example.com:1@'),
    fc.constantFrom('api.example.com', 'API.example.com', 'api.example.co', '1.2.3.4', '01.2.3.4', '[::1]', '[0::1]'),
    fc.constantFrom('', '', '', ':80', ':443', ':8080', ':08080', ':'),
    fc.constantFrom('/', '/path', '', '?query', '#fragment', '\\path', '?a=/b/', '/\t', '@other.example.com/'),
  )
  .map((parts) => parts.join(''))

describe('HostScopes', () => {
  it('finds the host that a parser of URLs finds, whatever was called before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(url, { maxLength: 12 }), async (urls) => {
        const fetch = createFetch({ fetch: () => Promise.resolve(new Response()), retry: false })
        const hosts: string[] = []
        fetch.on('call:started', ({ host }) => hosts.push(host))
        for (const text of urls) await fetch(text)
        expect(hosts).toEqual(urls.map((text) => URL.parse(text)?.host ?? ''))
      }),
      {
        numRuns: 1_000,
        // The same text is another host where the port is the default one.
        examples: [[['http://api.example.com:443/', 'https://api.example.com:443/', 'https://api.example.com/']]],
      },
    )
  })
})
