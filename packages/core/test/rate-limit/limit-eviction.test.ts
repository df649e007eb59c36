import { describe, expect, it } from 'vitest'
import { type Connector, createFetch } from '../../src/index.ts'
import { fakeClock, seededRandom } from '../../src/testing/index.ts'

const connector: Connector = {
  id: 'acme',
  name: 'Acme',
  sources: [],
  http: { hosts: ['api.example.com'] },
  rateLimits: [{ id: 'method', scope: 'endpoint', limit: { value: 1 }, windowMs: { value: 60_000 } }],
}

function upstream(answers: (path: string) => Response) {
  const clock = fakeClock()
  const sent: string[] = []
  const fetch = createFetch({
    connector,
    clock,
    random: seededRandom(5),
    retry: false,
    rateLimit: { onLimit: 'fail' },
    fetch: async (input) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input)
      sent.push(pathname)
      return answers(pathname)
    },
  })
  return {
    clock,
    sent,
    call: (path: string) => fetch(`https://api.example.com${path}`).catch((error: unknown) => error),
  }
}

describe('the buckets, when there are too many', () => {
  it('go on to hold back what is paused or has used up its window, while there are idle ones', async () => {
    const { clock, sent, call } = upstream((path) =>
      path === '/paused' ? new Response('', { status: 429, headers: { 'retry-after': '3000' } }) : new Response(''),
    )
    for (let n = 0; n < 9_000; n++) await call(`/idle/${n}`)
    await clock.advance(61_000)
    await call('/paused')
    await call('/used')
    for (let n = 0; n < 5_000; n++) await call(`/other/${n}`)
    sent.length = 0
    expect(await call('/paused')).toMatchObject({ code: 'rate_limited' })
    expect(await call('/used')).toMatchObject({ code: 'rate_limited' })
    expect(sent).toEqual([])
  })

  it('forget the oldest, when all of them hold something back', async () => {
    const { sent, call } = upstream(() => new Response(''))
    for (let n = 0; n < 10_001; n++) await call(`/used/${n}`)
    sent.length = 0
    await call('/used/10000')
    expect(sent).toEqual([])
    await call('/used/0')
    expect(sent).toEqual(['/used/0'])
  })
})
