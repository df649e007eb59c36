import * as fc from 'fast-check'
import type { Connector, FetchOptions } from '../../../src/index.ts'
import type { Fault } from '../faulty-store.ts'
import type { Behaviour, PlannedCall } from './world.ts'

const afterMs = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3_000 }))
const waitSeconds = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant(50_000)).map(String)

const headers: fc.Arbitrary<Record<string, string>> = fc.oneof(
  fc.constant({}),
  fc.record({ 'retry-after': waitSeconds }),
  fc.record({
    'ratelimit-limit': fc.constantFrom('5', '10'),
    'ratelimit-remaining': fc.constantFrom('0', '1', '4'),
    'ratelimit-reset': waitSeconds,
  }),
  fc.record({ 'x-should-retry': fc.constantFrom('true', 'false') }),
)

const answer = fc.record({
  kind: fc.constant('answer' as const),
  status: fc.constantFrom(200, 200, 204, 304, 400, 401, 404, 409, 429, 429, 500, 502, 503, 503),
  headers,
  afterMs,
})

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 8, arbitrary: answer },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('reset' as const, 'refused' as const), afterMs }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'hang' as const }) },
)

export const script = fc.array(behaviour, { minLength: 1, maxLength: 15, size: 'max' })

const call: fc.Arbitrary<PlannedCall> = fc.record(
  {
    atMs: fc.nat(10_000),
    url: fc.constantFrom('https://a.example.com/one', 'https://a.example.com/two', 'https://b.example.com/'),
    method: fc.constantFrom('GET', 'PUT', 'POST', 'PATCH', 'DELETE'),
    body: fc.constant('none' as const),
    abortAfterMs: fc.integer({ min: 0, max: 4_000 }),
    priority: fc.constantFrom('high' as const, 'low' as const, 'auto' as const),
    isRepeat: fc.boolean(),
    isElsewhere: fc.boolean(),
  },
  { requiredKeys: ['atMs', 'url', 'method', 'body'] },
)
const withBody = call.chain((planned) =>
  fc
    .constantFrom('none' as const, 'text' as const, 'stream' as const)
    .map((body) => (planned.method === 'GET' ? planned : { ...planned, body })),
)

export const calls = fc.array(withBody, { minLength: 1, maxLength: 25, size: 'max' })

/** How many calls the provider of `declared` allows in how many milliseconds. */
export const declaredLimit = { limit: 4, windowMs: 2_000 } as const

export const declared: Connector = {
  id: 'acme',
  name: 'Acme',
  sources: [{ url: 'https://developer.acme.example/limits', verifiedAt: '2026-11-22' }],
  http: { hosts: ['a.example.com', 'b.example.com'] },
  rateLimits: [
    {
      id: 'calls',
      scope: 'connection',
      limit: { value: declaredLimit.limit },
      windowMs: { value: declaredLimit.windowMs },
    },
  ],
}

/** What the provider of the token does. */
export type TokenSource = 'none' | 'fixed' | 'quick' | 'slow' | 'failing'

/** Options of everything that can be on, as plain data. */
export const settings = fc.record({
  deadlineMs: fc.integer({ min: 1, max: 20_000 }),
  attemptTimeoutMs: fc.constantFrom(50, 2_000, false as const),
  retry: fc.oneof(
    fc.constant(false as const),
    fc.record({
      maxAttempts: fc.integer({ min: 1, max: 5 }),
      baseDelayMs: fc.constantFrom(0, 100, 1_000),
      budget: fc.constantFrom(false as const, { maxTokens: 20, transientCost: 5 }),
    }),
  ),
  hedge: fc.oneof(
    fc.constant(false as const),
    fc.record({ delayMs: fc.constantFrom(20, 500, 2_000), maxHedges: fc.integer({ min: 1, max: 3 }) }),
  ),
  rateLimit: fc.oneof(
    fc.constant(false as const),
    fc.record({
      onLimit: fc.constantFrom('wait' as const, 'surface' as const, 'fail' as const),
      maxWaitMs: fc.constantFrom(500, 60_000),
      costOf: fc.constantFrom(
        () => 1,
        () => 2,
      ),
    }),
  ),
  breaker: fc.oneof(
    fc.constant(false as const),
    fc.record({
      minimumCalls: fc.integer({ min: 1, max: 4 }),
      breakMs: fc.constantFrom(100, 3_000),
      slowCallMs: fc.constantFrom(Infinity, 1_000),
      halfOpenCalls: fc.integer({ min: 1, max: 3 }),
    }),
  ),
  bulkhead: fc.oneof(
    fc.constant(false as const),
    fc.record({ maxConcurrent: fc.integer({ min: 1, max: 3 }), maxQueue: fc.constantFrom(0, 2, 100) }),
  ),
  idempotency: fc.constantFrom(false as const, {}),
  refusals: fc.constantFrom('throw' as const, 'response' as const),
  token: fc.constantFrom<TokenSource>('none', 'fixed', 'quick', 'slow', 'failing'),
  /** Whether there is a connector, which declares a limit. */
  isDeclared: fc.boolean(),
  /** More than one only where there is a store, through which they share what they know. */
  processes: fc.constantFrom(1 as const, 2 as const),
  /** What the store does, one exchange after the other; none: there is no store. */
  faults: fc.array(fc.constantFrom<Fault>('none', 'throws', 'hangs', 'is slow', 'conflicts', 'answers nonsense')),
}) satisfies fc.Arbitrary<FetchOptions & { readonly token: TokenSource; readonly faults: readonly Fault[] }>
