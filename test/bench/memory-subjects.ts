import { type Connector, createFetch, type FetchOptions } from '@holdfast/core'
import Bottleneck from 'bottleneck'
import { ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel'
import Opossum from 'opossum'

/** What is kept per key. Each makes that many keys, uses each once, and returns what keeps them alive. */
export interface MemorySubject {
  readonly name: string
  readonly note: string
  /** The subject whose bytes are taken off, because it keeps the same except for what is asked about. */
  readonly without?: string
  readonly create: (keys: number) => Promise<unknown>
}

const off = { deadlineMs: false, attemptTimeoutMs: false, retry: false, rateLimit: false, breaker: false } as const
const told = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4987', 'x-ratelimit-reset': '3600' }
const declaring: Connector = {
  id: 'bench',
  name: 'Bench',
  sources: [{ url: 'https://bench.example/limits', verifiedAt: '2026-11-26' }],
  rateLimits: [{ id: 'calls', scope: 'connection', limit: { value: 5_000 }, windowMs: { value: 3_600_000 } }],
}

const HOST = 'createFetch, a host'

export const memorySubjects: readonly MemorySubject[] = [
  {
    name: HOST,
    note: 'with a retry budget alone; taken off where one more policy is asked about',
    create: hosts({ ...off, retry: {} }),
  },
  {
    name: 'createFetch, breaker',
    note: 'closed, after a success',
    without: HOST,
    create: hosts({ ...off, retry: {}, breaker: {} }),
  },
  {
    name: 'createFetch, breaker after a failure',
    note: 'closed, with a failure in its window',
    without: HOST,
    create: hosts({ ...off, retry: { maxAttempts: 1 }, breaker: {} }, { status: 500 }),
  },
  {
    name: 'createFetch, bucket',
    note: 'of a host that tells no limit',
    without: HOST,
    create: hosts({ ...off, retry: {}, rateLimit: {} }),
  },
  {
    name: 'createFetch, bucket that was told',
    note: 'of a host whose answers tell limit, remaining and reset',
    without: HOST,
    create: hosts({ ...off, retry: {}, rateLimit: {} }, { headers: told }),
  },
  {
    name: 'createFetch, bucket that was declared',
    note: 'by a connector, after one call',
    without: HOST,
    create: hosts({ ...off, retry: {}, rateLimit: {}, connector: declaring }),
  },
  {
    name: 'createFetch, all policies',
    note: 'a host with breaker, bucket that was told, retry budget and bulkhead',
    create: hosts({ bulkhead: {} }, { headers: told }),
  },
  {
    name: 'opossum',
    note: 'a breaker with its defaults, after a success',
    create: each(async () => {
      const breaker = new Opossum(async () => undefined)
      await breaker.fire()
      return breaker
    }),
  },
  {
    name: 'cockatiel',
    note: 'a breaker on consecutive failures, the smallest it has, after a success',
    create: each(async () => {
      const breaker = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) })
      await breaker.execute(() => undefined)
      return breaker
    }),
  },
  {
    name: 'bottleneck',
    note: 'a limiter with a reservoir that is refilled every hour, after a job',
    create: each(async () => {
      const limiter = new Bottleneck({
        reservoir: 5_000,
        reservoirRefreshAmount: 5_000,
        reservoirRefreshInterval: 3_600_000,
      })
      await limiter.schedule(async () => undefined)
      return limiter
    }),
  },
]

function hosts(options: FetchOptions, answer: ResponseInit = {}): MemorySubject['create'] {
  return async (keys) => {
    const resilient = createFetch({ ...options, fetch: async () => new Response(null, answer) })
    for (let host = 0; host < keys; host += 1) await resilient(`https://tenant${host}.bench.example/items`)
    return resilient
  }
}

function each(createOne: () => Promise<unknown>): MemorySubject['create'] {
  return async (keys) => {
    const all: unknown[] = []
    // A hundred at a time: some start what they do from a timer.
    for (let key = 0; key < keys; key += 100) all.push(...(await Promise.all(Array.from({ length: 100 }, createOne))))
    return all
  }
}
