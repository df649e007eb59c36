import { describe, expect, it } from 'vitest'
import { checkConnector, type Connector, type FetchOptions, InvalidOptionsError, rateLimitOf } from '../../src/index.ts'
import { answer, harness, rejectionOf } from './harness.ts'

const host = 'https://api.example.com'

function connectorWith(rateLimits: NonNullable<Connector['rateLimits']>): Connector {
  return { id: 'acme', name: 'Acme', sources: [], rateLimits }
}

const points: NonNullable<Connector['rateLimits']>[number] = {
  id: 'points',
  scope: 'connection',
  unit: 'points',
  limit: { value: 10 },
  windowMs: { value: 1_000 },
}

const priced = connectorWith([
  {
    ...points,
    costs: [
      { methods: ['POST'], paths: ['/bulk/**'], cost: 11 },
      { methods: ['POST', 'PUT'], cost: 5 },
      { paths: ['/status'], cost: 0 },
    ],
  },
])

/** Sends all at once; returns when each was sent, in whole seconds. */
async function secondsOf(requests: readonly (readonly [string, string])[], options: FetchOptions): Promise<number[]> {
  const sent: number[] = []
  const { fetch, clock } = harness(
    [
      () => {
        sent.push(Math.floor(clock.monotonicMs() / 1_000))
        return answer(200)
      },
    ],
    options,
  )
  await clock.runUntil(Promise.all(requests.map(([method, path]) => fetch(`${host}${path}`, { method }))))
  return sent
}

describe('createFetch: what a call costs', () => {
  it('is what the connector says for its method and path, and 1 for the rest', async () => {
    const requests = [
      ['POST', '/a'],
      ['GET', '/b'],
      ['PUT', '/c'],
      ['GET', '/d'],
    ] as const
    expect(await secondsOf(requests, { connector: priced })).toEqual([0, 0, 1, 1])
  })

  it('is nothing where the connector says 0', async () => {
    const requests = [...Array.from({ length: 20 }, () => ['GET', '/status'] as const), ['POST', '/a'] as const]
    expect(new Set(await secondsOf(requests, { connector: priced }))).toEqual(new Set([0]))
  })

  it('is what `costOf` says where the connector does not', async () => {
    const costOf = ({ url }: { url: string }) => Number(new URL(url).searchParams.get('cost'))
    const requests = [
      ['POST', '/graphql?cost=6'],
      ['POST', '/graphql?cost=4'],
      ['POST', '/graphql?cost=10'],
      ['POST', '/graphql?cost=1'],
    ] as const
    expect(await secondsOf(requests, { connector: connectorWith([points]), rateLimit: { costOf } })).toEqual([
      0, 0, 1, 2,
    ])
  })

  it('is taken off what an answer says is left', async () => {
    const told = { 'ratelimit-limit': '100', 'ratelimit-remaining': '30', 'ratelimit-reset': '5' }
    const { fetch, run, clock, transport } = harness([answer(200, told), 'hang'], {
      rateLimit: { costOf: () => 12 },
      deadlineMs: 1_000,
    })
    await run()
    const calls = [1, 2, 3].map(() => rejectionOf(fetch(`${host}/`)))
    await clock.flush()
    expect(transport.calls).toHaveLength(3)
    expect(await calls[2]).toMatchObject({ code: 'rate_limited', delivery: 'not_sent' })
    await clock.advance(1_000)
    await Promise.all(calls)
  })

  it('is no number of calls: what counts calls beside points goes on counting calls', async () => {
    const told = {
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '2',
      'x-ratelimit-reset-requests': '10s',
      'x-ratelimit-limit-tokens': '10000',
      'x-ratelimit-remaining-tokens': '9000',
      'x-ratelimit-reset-tokens': '10s',
    }
    const { fetch, run, clock, transport } = harness([answer(200, told), 'hang'], {
      rateLimit: { costOf: () => 400 },
      deadlineMs: 1_000,
    })
    await run()
    const calls = [1, 2, 3].map(() => rejectionOf(fetch(`${host}/`)))
    await clock.flush()
    expect(transport.calls).toHaveLength(3)
    await clock.advance(1_000)
    await Promise.all(calls)
  })

  it('that is more than the whole limit is refused at once and for good, and holds up nobody', async () => {
    const { fetch, clock, transport } = harness([() => answer(200)], { connector: priced, deadlineMs: false })
    const error = await rejectionOf(fetch(`${host}/bulk/x`, { method: 'POST' }))
    expect(error).toMatchObject({
      code: 'rate_limited',
      reason: 'cost_above_limit',
      retryable: 'never',
      delivery: 'not_sent',
    })
    expect((error as Error).message).toContain('11 units')
    expect((error as { retryAfterMs?: number }).retryAfterMs).toBeUndefined()
    await clock.runUntil(fetch(`${host}/a`, { method: 'POST' }))
    expect(transport.calls).toHaveLength(1)
    expect(clock.monotonicMs()).toBe(0)
  })

  it('is refused too when an answer tells of the lower limit while the call waits', async () => {
    const told = (limit: string) => ({
      'ratelimit-limit': limit,
      'ratelimit-remaining': '0',
      'ratelimit-reset': '5',
    })
    let slow: ((response: Response) => void) | undefined
    const { fetch, clock } = harness(
      [() => new Promise<Response>((resolve) => (slow = resolve)), () => answer(200, told('100')), () => answer(200)],
      { rateLimit: { costOf: ({ url }) => (url.endsWith('/big') ? 50 : 1) }, deadlineMs: false },
    )
    const first = fetch(`${host}/1`)
    await clock.runUntil(fetch(`${host}/2`))
    const big = rejectionOf(fetch(`${host}/big`))
    const small = fetch(`${host}/3`)
    await clock.flush()
    slow?.(answer(200, told('20')))
    expect(await clock.runUntil(big)).toMatchObject({ reason: 'cost_above_limit' })
    expect((await clock.runUntil(small)).status).toBe(200)
    await first
    expect(clock.pendingTimers).toBe(0)
  })

  it.each([Number.NaN, -1, Infinity, '3'])('that is no finite number >= 0 is refused: %s', async (cost) => {
    const { run } = harness([answer(200)], { rateLimit: { costOf: () => cost as number } })
    expect(await rejectionOf(run())).toBeInstanceOf(InvalidOptionsError)
  })

  it('keeps a declared limit in every window', async () => {
    const requests = Array.from({ length: 30 }, (_, n) => [n % 3 === 0 ? 'POST' : 'GET', `/${n}`] as const)
    const seconds = await secondsOf(requests, { connector: priced })
    const costs = requests.map(([method]) => (method === 'POST' ? 5 : 1))
    for (const second of new Set(seconds)) {
      const taken = costs.filter((_, index) => seconds[index] === second).reduce((sum, cost) => sum + cost, 0)
      expect(taken).toBeLessThanOrEqual(10)
    }
  })
})

describe('checkConnector: costs', () => {
  it.each([
    ['connector.rateLimits[0].costs[0].cost', [{ cost: -1 }]],
    ['connector.rateLimits[0].costs[0].cost', [{ methods: ['POST'] }]],
    ['connector.rateLimits[0].costs[0].methods', [{ methods: ['post'], cost: 1 }]],
    ['connector.rateLimits[0].costs[0].paths', [{ paths: ['a'], cost: 1 }]],
    ['connector.rateLimits[0].costs', { cost: 1 }],
  ])('refuses what is wrong at %s', (path, costs) => {
    const connector = connectorWith([{ ...points, costs: costs as never }])
    expect(() => checkConnector(connector)).toThrow(expect.objectContaining({ path }) as Error)
  })
})

describe('createFetch: a cost that the answer tells', () => {
  const graphql: Connector = {
    id: 'shop',
    name: 'Shop',
    sources: [],
    http: { failuresInBody: ['/graphql'] },
    errors: [
      {
        when: { status: 200, pointer: '/errors/0/code', equals: 'THROTTLED' },
        then: { code: 'rate_limited', reason: 'cost' },
        example: { status: 200, body: { errors: [{ code: 'THROTTLED' }] } },
      },
    ],
    rateLimits: [
      {
        id: 'points',
        scope: 'connection',
        paths: ['/graphql'],
        unit: 'points',
        limit: { pointer: '/cost/max' },
        remaining: { pointer: '/cost/left' },
        restorePerSecond: { pointer: '/cost/rate' },
        actualCost: { pointer: '/cost/actual' },
        examples: [
          {
            answer: { status: 200, body: { cost: { max: 100, left: 70, rate: 10, actual: 30 } } },
            reads: { limit: 100, remaining: 70, restorePerSecond: 10, cost: 30 },
          },
        ],
      },
    ],
  }

  const told = (left: number) =>
    new Response(JSON.stringify({ cost: { max: 100, left, rate: 10, actual: 30 } }), {
      headers: { 'content-type': 'application/json' },
    })

  it('leaves to the next call what was reserved and not taken', async () => {
    // 60 are reserved for each, and 30 are taken.
    const lefts = [70, 40, 10]
    const sentMs: number[] = []
    const { fetch, clock } = harness(
      [
        () => {
          sentMs.push(clock.monotonicMs())
          return told(lefts[sentMs.length - 1] ?? 100)
        },
      ],
      { connector: graphql, rateLimit: { costOf: () => 60 } },
    )
    for (let n = 0; n < 3; n++) await clock.runUntil(fetch(`${host}/graphql`))
    expect(sentMs).toEqual([0, 0, 2_000])
  })

  it('is read by rateLimitOf', async () => {
    const { run } = harness([told(70)], { connector: graphql })
    expect(rateLimitOf(await run(`${host}/graphql`))).toMatchObject({
      limit: 100,
      remaining: 70,
      headers: { 'ratelimit-limit': '100', 'ratelimit-remaining': '70' },
      readings: [{ policy: 'points', unit: 'points', cost: 30, restorePerSecond: 10 }],
    })
  })

  it('counts for a declared limit in place of what was expected', async () => {
    const connector = connectorWith([
      {
        ...points,
        remaining: { header: 'x-left' },
        actualCost: { header: 'x-cost' },
        examples: [
          {
            answer: { status: 200, headers: { 'x-left': '9', 'x-cost': '1' } },
            reads: { limit: 10, remaining: 9, windowMs: 1_000, cost: 1 },
          },
        ],
      },
    ])
    const { fetch, clock, transport } = harness([() => answer(200, { 'x-left': '9', 'x-cost': '1' })], {
      connector,
      rateLimit: { costOf: () => 9 },
    })
    await clock.runUntil(fetch(`${host}/a`))
    await clock.runUntil(fetch(`${host}/b`))
    expect(clock.monotonicMs()).toBe(0)
    expect(transport.calls).toHaveLength(2)
  })
})
