import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endpointGroups } from '../../src/connectors/endpoint-groups.ts'

const template = fc
  .array(fc.constantFrom('a', 'b', 'c.json', '{id}', '{x}.json', 'v{major}', ''), { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join('/')}`)
const endpoints = fc.dictionary(
  fc.stringMatching(/^[a-c]\.[a-z]{1,5}$/),
  fc.record({ method: fc.constantFrom('GET', 'POST'), path: template }),
  { maxKeys: 8 },
)
const path = fc
  .array(fc.constantFrom('a', 'b', 'c.json', '17', '17.json', 'v2', '', '.json', '%2F'), { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join('/')}`)

/** The plain way: each endpoint a regular expression. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .split(/\{\w+\}/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^/]+')
  return new RegExp(`^${source}$`).test(text)
}

describe('endpointGroups', () => {
  it('gives the group of an endpoint that matches the request, and none when none matches', () => {
    fc.assert(
      fc.property(endpoints, path, fc.constantFrom('GET', 'POST'), (described, requested, method) => {
        const groupOf = endpointGroups({ id: 'sample', name: 'Sample', sources: [], endpoints: described })
        const group = groupOf?.({ method, url: `https://api.example.com${requested}?page=1#top` })
        const groups = Object.entries(described)
          .filter(([, endpoint]) => endpoint.method === method && matches(endpoint.path, requested))
          .map(([name]) => name.split('.')[0])
        if (groups.length === 0) expect(group).toBeUndefined()
        else expect(groups).toContain(group)
      }),
      { numRuns: 2_000 },
    )
  })

  it('gives a text or nothing for any request', () => {
    fc.assert(
      fc.property(endpoints, fc.string(), fc.string(), (described, method, url) => {
        const groupOf = endpointGroups({ id: 'sample', name: 'Sample', sources: [], endpoints: described })
        expect(['string', 'undefined']).toContain(typeof groupOf?.({ method, url }))
      }),
    )
  })
})
