import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Connector, createFetch, type FetchOptions } from '../../src/index.ts'

type Limits = Readonly<Record<string, { readonly limit: number; readonly windowMs: number }>>

function declared(limits: Limits): Connector {
  return {
    id: 'acme',
    name: 'Acme',
    sources: [],
    rateLimits: Object.entries(limits).map(([id, { limit, windowMs }]) => ({
      id,
      scope: 'connection',
      paths: [`/${id}/**`],
      limit: { value: limit },
      windowMs: { value: windowMs },
    })),
  }
}

/** Sends `calls` requests to each limit of a server in another process, all at once. */
async function load(limits: Limits, calls: number, options: FetchOptions) {
  const server = fork(join(import.meta.dirname, 'limited-server.ts'), [JSON.stringify(limits)])
  try {
    const [{ port }] = (await once(server, 'message')) as [{ readonly port: number }]
    const seen: { readonly sentMs: number; readonly answeredMs: number; readonly status: number }[] = []
    const fetch = createFetch({
      ...options,
      fetch: async (input, init) => {
        const sentMs = performance.now()
        const response = await globalThis.fetch(input, init)
        seen.push({ sentMs, answeredMs: performance.now(), status: response.status })
        return response
      },
    })
    const startedMs = performance.now()
    const statuses = await Promise.all(
      Object.keys(limits).flatMap((group) =>
        Array.from({ length: calls }, async (_, n) => {
          const response = await fetch(`http://127.0.0.1:${port}/${group}/${n}`)
          await response.body?.cancel()
          return response.status
        }),
      ),
    )
    const tookMs = performance.now() - startedMs
    const refused = seen.filter(({ status }) => status === 429)
    const firstMs = Math.min(...refused.map(({ answeredMs }) => answeredMs))
    return { statuses, tookMs, refused, repeated: refused.filter(({ sentMs }) => sentMs > firstMs) }
  } finally {
    server.kill()
    await once(server, 'exit')
  }
}

it('brings 20 callers through 5 requests a second that only a 429 tells of, which is not met again', async () => {
  const { statuses, tookMs, refused, repeated } = await load({ things: { limit: 5, windowMs: 1_000 } }, 20, {})
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(refused.length).toBeGreaterThan(0)
  expect(repeated).toEqual([])
  // Three windows have to pass. A busy machine may be slow, but not faster.
  expect(tookMs).toBeGreaterThan(3_000)
})

it('brings 200 callers through three limits that are declared, without one 429', async () => {
  const limits = {
    slow: { limit: 15, windowMs: 200 },
    mail: { limit: 20, windowMs: 250 },
    fast: { limit: 40, windowMs: 200 },
  }
  const { statuses, tookMs, refused } = await load(limits, 67, { connector: declared(limits) })
  expect(statuses).toHaveLength(201)
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(refused).toEqual([])
  expect(tookMs).toBeGreaterThan(800)
})
