import { describe, expect, it } from 'vitest'
import { type Connector, createFetch, createLimits, type FetchOptions } from '../../src/index.ts'
import { fakeClock, seededRandom } from '../../src/testing/index.ts'
import { answer } from './harness.ts'

const host = 'https://api.example.com'

const connector: Connector = {
  id: 'acme',
  name: 'Acme',
  sources: [],
  http: { hosts: ['api.example.com'] },
  rateLimits: [
    { id: 'app', scope: 'app', paths: ['/app/**'], limit: { value: 2 }, windowMs: { value: 1_000 } },
    { id: 'own', scope: 'connection', paths: ['/own/**'], limit: { value: 2 }, windowMs: { value: 1_000 } },
  ],
}

function functionsOf(...options: readonly FetchOptions[]) {
  const clock = fakeClock()
  const sent: string[] = []
  const common = {
    clock,
    random: seededRandom(3),
    fetch: async (input: string | URL | Request) => {
      sent.push(
        `${new URL(input instanceof Request ? input.url : input).pathname} ${Math.floor(clock.monotonicMs() / 1_000)}`,
      )
      return answer(200)
    },
  }
  return { clock, sent, functions: options.map((more) => createFetch({ ...common, ...more })) }
}

describe('createLimits', () => {
  it('shares what binds the application between its connections', async () => {
    const rateLimit = { limits: createLimits() }
    const { clock, sent, functions } = functionsOf(
      { connector, connection: 'a', rateLimit },
      { connector, connection: 'b', rateLimit },
    )
    await clock.runUntil(Promise.all(functions.flatMap((fetch) => [fetch(`${host}/app/1`), fetch(`${host}/app/2`)])))
    expect(sent).toEqual(['/app/1 0', '/app/2 0', '/app/1 1', '/app/2 1'])
  })

  it('keeps what binds a connection apart, and shares it between functions of one', async () => {
    const rateLimit = { limits: createLimits() }
    const { clock, sent, functions } = functionsOf(
      { connector, connection: 'a', rateLimit },
      { connector, connection: 'b', rateLimit },
      { connector, connection: 'a', rateLimit },
    )
    await clock.runUntil(Promise.all(functions.flatMap((fetch) => [fetch(`${host}/own/1`), fetch(`${host}/own/2`)])))
    expect(sent.filter((line) => line.endsWith(' 0'))).toHaveLength(4)
    expect(sent.filter((line) => line.endsWith(' 1'))).toHaveLength(2)
  })

  it('keeps connectors apart', async () => {
    const rateLimit = { limits: createLimits() }
    const { clock, sent, functions } = functionsOf(
      { connector, rateLimit },
      { connector: { ...connector, id: 'other' }, rateLimit },
    )
    await clock.runUntil(Promise.all(functions.flatMap((fetch) => [fetch(`${host}/app/1`), fetch(`${host}/app/2`)])))
    expect(sent.filter((line) => line.endsWith(' 0'))).toHaveLength(4)
  })

  it('shares nothing without being asked to', async () => {
    const { clock, sent, functions } = functionsOf({ connector, connection: 'a' }, { connector, connection: 'b' })
    await clock.runUntil(Promise.all(functions.flatMap((fetch) => [fetch(`${host}/app/1`), fetch(`${host}/app/2`)])))
    expect(sent.filter((line) => line.endsWith(' 0'))).toHaveLength(4)
  })

  it('pauses everybody who shares the limit, also without a connector', async () => {
    const limits = createLimits()
    const clock = fakeClock()
    const seen: number[] = []
    const options = {
      clock,
      random: seededRandom(3),
      retry: false,
      rateLimit: { limits },
      fetch: async () => {
        seen.push(clock.monotonicMs())
        return seen.length === 1 ? answer(429, { 'retry-after': '3' }) : answer(200)
      },
    } as const
    const [one, two] = [createFetch(options), createFetch(options)]
    await clock.runUntil(one(host))
    expect(two.snapshot().hosts).toEqual([])
    await clock.runUntil(two(host))
    expect(seen[1]).toBeGreaterThanOrEqual(3_000)
  })

  it('tells in the snapshot of each function what its own calls wait for', async () => {
    const rateLimit = { limits: createLimits() }
    const clock = fakeClock()
    const base = { clock, random: seededRandom(3), retry: false, rateLimit, connector } as const
    const limited = createFetch({ ...base, connection: 'a', fetch: async () => answer(429, { 'retry-after': '3' }) })
    const other = createFetch({ ...base, connection: 'b', fetch: async () => answer(200) })
    await clock.runUntil(limited(`${host}/own/1`))
    await clock.runUntil(other(`${host}/own/1`))
    expect(limited.snapshot().hosts).toMatchObject([{ limitPausedMs: 3_000 }])
    expect(other.snapshot().hosts).toMatchObject([{ limitPausedMs: 0 }])
    await clock.runUntil(limited(`${host}/app/1`))
    expect(other.snapshot().hosts).toMatchObject([{ limitPausedMs: 3_000 }])
  })

  it('outlives the functions that share it', async () => {
    const rateLimit = { limits: createLimits() }
    const { clock, sent, functions } = functionsOf({ connector, rateLimit }, { connector, rateLimit })
    const [one, two] = functions as [(typeof functions)[0], (typeof functions)[0]]
    await clock.runUntil(Promise.all([one(`${host}/app/1`), one(`${host}/app/2`)]))
    await one[Symbol.asyncDispose]()
    await clock.runUntil(two(`${host}/app/3`))
    expect(sent.at(-1)).toBe('/app/3 1')
  })

  it('is the only way to make what the option takes', () => {
    expect(() => createFetch({ rateLimit: { limits: {} as never } })).toThrow('made by `createLimits`')
  })
})
