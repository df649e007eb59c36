import { describe, expect, it } from 'vitest'
import { type Connector, explain } from '../../src/index.ts'
import { harness } from './harness.ts'

const shop: Connector = {
  id: 'shop',
  name: 'Shop',
  sources: [],
  http: { failuresInBody: ['/api/*/graphql.json'] },
  errors: [
    {
      when: { status: 200, pointer: '/errors/0/extensions/code', equals: 'THROTTLED' },
      then: { code: 'rate_limited', reason: 'cost' },
      example: { status: 200, body: { errors: [{ extensions: { code: 'THROTTLED' } }] } },
    },
  ],
  rateLimits: [
    {
      id: 'cost',
      scope: 'connection',
      unit: 'points',
      remaining: { pointer: '/available' },
      restorePerSecond: { pointer: '/rate' },
      cost: { pointer: '/cost' },
      examples: [
        {
          answer: { status: 200, body: { available: 1, rate: 50, cost: 101 } },
          reads: { remaining: 1, restorePerSecond: 50, resetMs: 2_000 },
        },
      ],
    },
  ],
}
const throttled = { errors: [{ extensions: { code: 'THROTTLED' } }], available: 1, rate: 50, cost: 101 }
const json = (value: unknown) => Response.json(value)
const graphql = 'https://shop.example/api/2026-01/graphql.json'

describe('createFetch: a limit in the body of a 200', () => {
  it('is waited for as long as the body says, and the query sent again', async () => {
    const { run, clock, transport, heard } = harness([json(throttled), json({ data: 1 })], { connector: shop })
    const response = await run(graphql, { method: 'POST', body: '{}' })
    expect(await response.json()).toEqual({ data: 1 })
    expect(transport.calls).toHaveLength(2)
    expect(heard.of('limit:paused')).toMatchObject([{ pauseMs: 2_000, status: 200 }])
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(2_000)
  })

  it('leaves the answer readable for the caller when it cannot be waited for', async () => {
    const { run } = harness([json(throttled)], { connector: shop, deadlineMs: 1_000 })
    const response = await run(graphql, { method: 'POST', body: '{}' })
    expect(await response.json()).toEqual(throttled)
    expect(explain(response)).toMatchObject({ stop: 'deadline', error: { code: 'rate_limited', retryAfterMs: 2_000 } })
  })

  it('is not looked for at other paths', async () => {
    const { run, transport } = harness([json(throttled)], { connector: shop })
    const response = await run('https://shop.example/api/orders.json')
    expect(explain(response)?.error).toBeUndefined()
    expect(transport.calls).toHaveLength(1)
  })
})
