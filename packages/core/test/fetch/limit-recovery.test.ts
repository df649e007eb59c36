import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Connector, createFetch, type FetchOptions } from '../../src/index.ts'
import { type FakeClock, fakeClock, seededRandom } from '../../src/testing/index.ts'

const HOUR_MS = 3_600_000
const ANSWER_MS = 100
const url = 'https://api.example.com/v1/things'

interface Told {
  readonly status: number
  readonly headers?: Record<string, string>
}

/** A fetch function on a fake clock whose requests take 100 ms, each with the answer that `tell` gives it. */
function answering(tell: (request: number, nowMs: number) => Told, options: FetchOptions = {}) {
  const clock = fakeClock()
  let requests = 0
  const fetch = createFetch({
    clock,
    random: seededRandom(7),
    deadlineMs: false,
    attemptTimeoutMs: false,
    ...options,
    fetch: async () => {
      const { status, headers = {} } = tell(requests++, clock.monotonicMs())
      await clock.sleep(ANSWER_MS)
      return new Response(null, { status, headers })
    },
  })
  return { clock, fetch }
}

/** How long 40 calls take that begin together. */
async function burstMs(fetch: typeof globalThis.fetch, clock: FakeClock): Promise<number> {
  const beganMs = clock.monotonicMs()
  await clock.runUntil(Promise.all(Array.from({ length: 40 }, () => fetch(url))))
  return clock.monotonicMs() - beganMs
}

describe('createFetch: a limit that others have used up', () => {
  it('holds calls back until its reset, and not at all after it', async () => {
    const resetMs = HOUR_MS / 2
    const { clock, fetch } = answering((request, nowMs) => {
      const isUsedUp = request >= 40 && nowMs < resetMs
      const endMs = nowMs < resetMs ? resetMs : resetMs + HOUR_MS
      return {
        status: isUsedUp ? 429 : 200,
        headers: {
          'x-ratelimit-limit': '5000',
          'x-ratelimit-remaining': isUsedUp ? '0' : String(4_960 - (request % 40)),
          'x-ratelimit-reset': String(Math.ceil((endMs - nowMs) / 1_000)),
        },
      }
    })
    expect(await burstMs(fetch, clock)).toBe(ANSWER_MS)
    await clock.advance(resetMs - 10_000 - clock.monotonicMs())
    expect(await burstMs(fetch, clock)).toBeLessThan(11_500)
    expect(await burstMs(fetch, clock)).toBe(ANSWER_MS)
  })
})

describe('createFetch: a 429 that says that nothing is left, and not until when', () => {
  const unlessSuccess: Connector = {
    id: 'acme',
    name: 'Acme',
    sources: [],
    rateLimits: [
      {
        id: 'requests',
        scope: 'connection',
        when: { status: 429 },
        remaining: { value: 0 },
        reset: { header: 'retry-after', format: 'delta_s' },
        examples: [
          {
            answer: { status: 429, headers: { 'retry-after': '1' } },
            reads: { remaining: 0, resetMs: 1_000 },
          },
        ],
      },
    ],
  }

  it.each([
    ['in a header', { 'x-ratelimit-remaining': '0' }, {}],
    ['as a rule of the connector knows', {}, { connector: unlessSuccess }],
  ] as const)('is forgotten as soon as calls go through: %s', async (_, headers, options) => {
    const { clock, fetch } = answering(
      (request) => (request === 0 ? { status: 429, headers } : { status: 200 }),
      options,
    )
    expect((await clock.runUntil(fetch(url))).status).toBe(200)
    // One goes first, as after every pause of which nobody knows whether it was long enough.
    expect(await burstMs(fetch, clock)).toBeLessThan(1_500)
    expect(await burstMs(fetch, clock)).toBe(ANSWER_MS)
  })
})

describe('createFetch: whatever answers have told of limits', () => {
  it('ends the slow start after a pause with what was learned before it, also where calls are rare', async () => {
    const script: Told[] = [
      { status: 429 },
      { status: 200 },
      { status: 429 },
      { status: 429, headers: { 'ratelimit-reset': '60' } },
      { status: 429, headers: { ratelimit: '"a";r=0;t=5', 'ratelimit-policy': '"a";q=5;w=60' } },
      { status: 429, headers: { ratelimit: '"a";r=0;t=5' } },
    ]
    const { clock, fetch } = answering((request) => script[request] ?? { status: 200 }, { retry: { budget: false } })
    for (let round = 0; round < 2; round++)
      await clock.runUntil(Promise.allSettled(Array.from({ length: 4 }, () => fetch(url))))
    for (let minute = 0; minute < 120; minute++) {
      await clock.advance(60_000)
      await clock.runUntil(fetch(url))
    }
    expect(await burstMs(fetch, clock)).toBe(ANSWER_MS)
  })

  it('keeps to an even pace for two hours at most, however often a reset of a minute restored nothing', async () => {
    const refused: Told = { status: 429, headers: { ratelimit: '"a";r=0;t=60' } }
    const { clock, fetch } = answering((request) => (request < 20 ? refused : { status: 200 }), { retry: false })
    for (let call = 0; call < 20; call++) await clock.runUntil(fetch(url))
    const untilMs = clock.monotonicMs() + 2 * HOUR_MS
    while (clock.monotonicMs() < untilMs) {
      await clock.advance(60_000)
      await clock.runUntil(fetch(url))
    }
    expect(await burstMs(fetch, clock)).toBe(ANSWER_MS)
  })

  it('keeps nobody to one call in minutes where a single one went through before several refusals', async () => {
    const refused: Told = { status: 429, headers: { 'x-ratelimit-reset-tokens': '60s' } }
    const { clock, fetch } = answering((request) => (request > 0 && request < 4 ? refused : { status: 200 }), {
      retry: { budget: false },
    })
    for (let call = 0; call < 4; call++) await clock.runUntil(fetch(url))
    await clock.advance(10 * 60_000)
    expect(await burstMs(fetch, clock)).toBeLessThan(3_000)
  })

  it('holds back nobody any more when calls have gone through for two hours', async () => {
    const count = fc.constantFrom('0', '1', '5', '40', '1000', '0.5', '-1', 'x')
    const seconds = fc.constantFrom('0', '1', '5', '60', '0.5', '-1', 'x')
    const headers = fc.record(
      {
        'retry-after': seconds,
        'x-ratelimit-limit': count,
        'x-ratelimit-remaining': count,
        'x-ratelimit-reset': seconds,
        'ratelimit-remaining': count,
        'ratelimit-reset': seconds,
        ratelimit: fc.constantFrom(
          '"a";r=0;t=5',
          '"a";r=0',
          '"a";r=0;t=60, "b";r=1;t=1',
          'limit=1, remaining=0, reset=60',
        ),
        'ratelimit-policy': fc.constantFrom('"a";q=5;w=60', '"a";q=1;w=60, "b";q=10;w=1', '5;w=60'),
        'x-ratelimit-remaining-tokens': count,
        'x-ratelimit-reset-tokens': fc.constantFrom('1s', '60s', '0s'),
      },
      { requiredKeys: [] },
    )
    const told = fc.record({ status: fc.constantFrom(429, 429, 200, 403), headers })
    await fc.assert(
      fc.asyncProperty(
        fc.array(told, { minLength: 1, maxLength: 10 }),
        fc.constantFrom(1, 4),
        async (script, parallel) => {
          const { clock, fetch } = answering((request) => script[request] ?? { status: 200 }, {
            retry: { budget: false },
          })
          const round = (calls: number) => Promise.allSettled(Array.from({ length: calls }, () => fetch(url)))
          for (let calls = 0; calls < script.length; calls += parallel) await clock.runUntil(round(parallel))
          const untilMs = clock.monotonicMs() + 2 * HOUR_MS
          while (clock.monotonicMs() < untilMs) {
            await clock.advance(60_000)
            await clock.runUntil(round(1))
          }
          expect(await burstMs(fetch, clock)).toBe(ANSWER_MS)
        },
      ),
      { numRuns: 60 },
    )
  })
})
