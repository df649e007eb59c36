import { describe, expect, it } from 'vitest'
import { type Connector, createFetch, createLimits, type FetchOptions } from '../../src/index.ts'
import { fakeClock, scriptedFetch, seededRandom } from '../../src/testing/index.ts'
import { answer } from './harness.ts'

const url = 'https://api.example.com/v1'

/** Two limits that only a refusal tells of: it names the one that was hit. */
const connector: Connector = {
  id: 'acme',
  name: 'Acme',
  sources: [],
  rateLimits: (['app', 'connection'] as const).map((scope) => ({
    id: scope,
    scope,
    when: { status: 429, header: 'x-limit', equals: scope },
    remaining: { value: 0 },
    reset: { header: 'retry-after', format: 'delta_s' },
    examples: [
      {
        answer: { status: 429, headers: { 'x-limit': scope, 'retry-after': '5' } },
        reads: { remaining: 0, resetMs: 5_000 },
      },
    ],
  })),
}

/** Functions that share limits, the first of which is told that `scope` is used up for five seconds. */
async function functions(scope: string, own: readonly FetchOptions[]) {
  const clock = fakeClock()
  const limits = createLimits()
  const refused = () => answer(429, { 'x-limit': scope, 'retry-after': '5' })
  const [first, ...others] = own.map((options, index) =>
    createFetch({
      fetch: scriptedFetch([index === 0 ? refused : () => answer(200), () => answer(200)]),
      clock,
      random: seededRandom(index),
      retry: false,
      rateLimit: { limits },
      ...options,
    }),
  )
  await first?.(url)
  const waitedMs = async (fetch: typeof globalThis.fetch | undefined): Promise<number> => {
    const beganMs = clock.monotonicMs()
    await clock.runUntil(fetch?.(url) ?? Promise.reject(new Error('There is no such function.')))
    return clock.monotonicMs() - beganMs
  }
  return { first, others, waitedMs }
}

describe('createLimits', () => {
  it('lets a refusal of one function hold back another of the same connection', async () => {
    const { others, waitedMs } = await functions('connection', [
      { connector, connection: 'a' },
      { connector, connection: 'a' },
    ])
    expect(await waitedMs(others[0])).toBeGreaterThanOrEqual(5_000)
  })

  it('keeps the limits of connections apart', async () => {
    const { others, waitedMs } = await functions('connection', [
      { connector, connection: 'a' },
      { connector, connection: 'b' },
    ])
    expect(await waitedMs(others[0])).toBe(0)
  })

  it('shares a limit of the application among all its connections', async () => {
    const { others, waitedMs } = await functions('app', [
      { connector, connection: 'a' },
      { connector, connection: 'b' },
    ])
    expect(await waitedMs(others[0])).toBeGreaterThanOrEqual(5_000)
  })

  it('keeps providers apart', async () => {
    const { others, waitedMs } = await functions('app', [
      { connector, connection: 'a' },
      { connector: { ...connector, id: 'other' }, connection: 'a' },
      { connection: 'a' },
    ])
    expect([await waitedMs(others[0]), await waitedMs(others[1])]).toEqual([0, 0])
  })

  it('leaves the limits to the others when one function is disposed', async () => {
    const { first, others, waitedMs } = await functions('connection', [
      { connector, connection: 'a' },
      { connector, connection: 'a' },
    ])
    await first?.[Symbol.asyncDispose]()
    expect(await waitedMs(others[0])).toBeGreaterThanOrEqual(5_000)
  })

  it('says in the snapshot of each function how long it is held back by them', async () => {
    const { others } = await functions('app', [
      { connector, connection: 'a' },
      { connector, connection: 'b' },
    ])
    void others[0]?.(url)
    expect(others[0]?.snapshot().hosts).toMatchObject([{ limitPausedMs: 5_000 }])
  })

  it('is the only maker of what the option takes', () => {
    const limits = {} as ReturnType<typeof createLimits>
    expect(() => createFetch({ rateLimit: { limits } })).toThrow(/rateLimit\.limits.*made by `createLimits`/)
  })
})
