import { describe, expect, it } from 'vitest'
import type { Connector } from '../../src/index.ts'
import { answer, harness, rejectionOf } from './harness.ts'

const breaker = { minimumCalls: 2, halfOpenCalls: 1 }
const firstSegment = ({ url }: { readonly url: string }) => new URL(url).pathname.split('/')[1]
const isSearch = ({ url }: { readonly url: string }) => url.includes('/search')
const of = (path: string) => `https://api.example.com${path}`

const connector: Connector = {
  id: 'example',
  name: 'Example',
  sources: [{ url: 'https://example.com', verifiedAt: '2026-01-01' }],
  endpoints: {
    'search.issues': { method: 'GET', path: '/search' },
    'things.get': { method: 'GET', path: '/things/{id}' },
    'things.list': { method: 'GET', path: '/things' },
  },
}

describe('createFetch: circuits of endpoint groups', () => {
  const answers = () => answer(200)
  const failing = ({ url }: { readonly url: string }) => answer(isSearch({ url }) ? 500 : 200)

  it('stops the group that fails and no other', async () => {
    const { run, heard, fetch } = harness([failing], { retry: false, breaker: { ...breaker, groupOf: firstSegment } })
    for (let n = 0; n < 2; n++) await run(of('/search?q=1'))
    expect(await rejectionOf(run(of('/search?q=2')))).toMatchObject({ code: 'circuit_open' })
    expect((await run(of('/things/1'))).status).toBe(200)
    expect(heard.of('circuit:opened')).toMatchObject([{ host: 'api.example.com', group: 'search' }])
    expect(fetch.snapshot().hosts[0]?.circuits).toEqual([
      { state: 'closed' },
      { group: 'search', state: 'open', openUntil: expect.any(Number), reason: 'failures', code: 'upstream_error' },
      { group: 'things', state: 'closed' },
    ])
  })

  it.each([undefined, ''])('puts what is in the group %j into the circuit of the host', async (group) => {
    const { run, fetch } = harness([failing], { retry: false, breaker: { ...breaker, groupOf: () => group } })
    for (let n = 0; n < 2; n++) await run(of('/search'))
    expect(fetch.snapshot().hosts[0]?.circuits).toMatchObject([{ state: 'open' }])
  })

  it('takes the groups from the endpoints of the connector', async () => {
    const { run } = harness([failing], { retry: false, connector, breaker })
    for (let n = 0; n < 2; n++) await run(of('/search?q=1'))
    expect(await rejectionOf(run(of('/search')))).toMatchObject({ code: 'circuit_open' })
    expect((await run(of('/things/1'))).status).toBe(200)
  })

  it('prefers the groups of the option to those of the connector', async () => {
    const { run, fetch } = harness([answers], { connector, breaker: { ...breaker, groupOf: () => 'mine' } })
    await run(of('/things'))
    expect(fetch.snapshot().hosts[0]?.circuits).toMatchObject([{}, { group: 'mine' }])
  })

  it('keeps the hundred groups of a host that were used last', async () => {
    const { run, fetch } = harness([answers], { breaker: { groupOf: firstSegment } })
    for (let n = 0; n < 150; n++) await run(of(`/g${n}`))
    const groups = fetch.snapshot().hosts[0]?.circuits ?? []
    expect(groups).toHaveLength(101)
    expect(groups.slice(1).map(({ group }) => Number(group?.slice(1)))).toEqual(
      expect.arrayContaining(Array.from({ length: 100 }, (_, n) => 50 + n)),
    )
  })

  it('lets the call throw what the option throws', async () => {
    const wrong = new Error('wrong')
    const groupOf = () => {
      throw wrong
    }
    const { run, transport } = harness([answers], { breaker: { groupOf } })
    expect(await rejectionOf(run())).toBe(wrong)
    expect(transport.calls).toHaveLength(0)
  })
})
