import { createFetch, type FetchOptions } from '../../src/index.ts'
import { type FakeClock, fakeClock, seededRandom } from '../../src/testing/index.ts'
import type { LimitModel } from './limit-models.ts'

/** What a provider that counts so says of it. */
export type Telling = (facts: {
  readonly model: LimitModel
  readonly limit: number
  readonly windowMs: number
  readonly isAllowed: boolean
  readonly nowMs: number
  /** Milliseconds since the epoch. */
  readonly wallMs: number
}) => Record<string, string>

const seconds = (ms: number): string => String(Math.ceil(ms / 1_000))

const triple: Telling = ({ model, limit, nowMs, isAllowed }) => ({
  'ratelimit-limit': String(limit),
  'ratelimit-remaining': String(model.remaining(nowMs)),
  'ratelimit-reset': seconds(isAllowed ? model.resetMs(nowMs) : Math.max(model.nextMs(nowMs), model.resetMs(nowMs))),
})

const retryAfter: Telling = ({ isAllowed, model, nowMs }): Record<string, string> =>
  isAllowed ? {} : { 'retry-after': seconds(model.nextMs(nowMs)) }

/** What is told, by name. */
export const tellings = {
  nothing: () => ({}),
  'Retry-After, rounded up': retryAfter,
  'Retry-After, rounded': ({ isAllowed, model, nowMs }) =>
    isAllowed ? {} : { 'retry-after': String(Math.round(model.nextMs(nowMs) / 1_000)) },
  'Retry-After with a fraction': ({ isAllowed, model, nowMs }) =>
    isAllowed ? {} : { 'retry-after': (Math.ceil(model.nextMs(nowMs)) / 1_000).toFixed(3) },
  'the triple': triple,
  'the triple and Retry-After': (facts) => ({ ...triple(facts), ...retryAfter(facts) }),
  'epoch seconds': ({ model, limit, nowMs, wallMs }) => ({
    date: new Date(wallMs).toUTCString(),
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(model.remaining(nowMs)),
    'x-ratelimit-reset': seconds(wallMs + model.resetMs(nowMs)),
  }),
  'RateLimit and RateLimit-Policy': ({ model, limit, windowMs, nowMs }) => ({
    'ratelimit-policy': `"default";q=${limit};w=${windowMs / 1_000}`,
    ratelimit: `"default";r=${model.remaining(nowMs)};t=${seconds(model.resetMs(nowMs))}`,
  }),
} as const satisfies Record<string, Telling>

export interface Load {
  readonly model: () => LimitModel
  readonly telling: Telling
  readonly limit: number
  readonly windowMs: number
  readonly callers: number
  /** There and back. */
  readonly latencyMs?: number
  /** The part of the latency by which it varies both ways. */
  readonly jitter?: number
  /** When a request is counted: as it arrives, or, at the latest, as it is answered. */
  readonly countsAt?: 'arrival' | 'answer'
  /** Whether one call comes before all others and is awaited. */
  readonly isFirstAlone?: boolean
  readonly options?: FetchOptions
}

export interface LoadResult {
  readonly statuses: readonly number[]
  /** 429s to requests that were sent after the first 429 had arrived. */
  readonly extra429s: number
  readonly all429s: number
  readonly tookMs: number
  /** What somebody needs who knows how the provider counts and what it has counted. */
  readonly optimumMs: number
  readonly clock: FakeClock
}

/** Puts a load on a provider and looks what comes of it. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const {
    latencyMs = 0,
    jitter = 0,
    telling,
    limit,
    windowMs,
    callers,
    isFirstAlone = false,
    countsAt = 'arrival',
  } = load
  const clock = fakeClock()
  const random = seededRandom(11)
  const model = load.model()
  const wayMs = (): number => (latencyMs / 2) * (1 + jitter * (2 * random.next() - 1))
  const seen: { sentMs: number; answeredMs: number; status: number }[] = []
  const transport: typeof globalThis.fetch = async () => {
    const entry = { sentMs: clock.monotonicMs(), answeredMs: Infinity, status: 0 }
    seen.push(entry)
    if (latencyMs > 0) await clock.sleep(wayMs() + (countsAt === 'answer' ? wayMs() : 0))
    const nowMs = clock.monotonicMs()
    const isAllowed = model.take(nowMs)
    entry.status = isAllowed ? 200 : 429
    const headers: Record<string, string> = telling({ model, limit, windowMs, isAllowed, nowMs, wallMs: clock.now() })
    if (latencyMs > 0 && countsAt === 'arrival') await clock.sleep(wayMs())
    if (isAllowed) model.answered(clock.monotonicMs())
    entry.answeredMs = clock.monotonicMs()
    return new Response('', { status: entry.status, headers })
  }
  const fetch = createFetch({
    fetch: transport,
    clock,
    random: seededRandom(7),
    deadlineMs: false,
    attemptTimeoutMs: false,
    retry: { maxAttempts: 20, budget: false },
    ...load.options,
  })
  const call = async (): Promise<number> => (await fetch('https://api.example.com/a')).status
  const statuses: number[] = []
  if (isFirstAlone) statuses.push(await clock.runUntil(call()))
  const rest = Array.from({ length: callers - statuses.length }, call)
  statuses.push(...(await clock.runUntil(Promise.all(rest))))
  const firstMs = Math.min(...seen.flatMap(({ status, answeredMs }) => (status === 429 ? answeredMs : [])))
  return {
    statuses,
    extra429s: seen.filter(({ status, sentMs }) => status === 429 && sentMs > firstMs).length,
    all429s: seen.filter(({ status }) => status === 429).length,
    tookMs: clock.monotonicMs(),
    optimumMs: optimumOf(load.model(), callers, latencyMs, isFirstAlone),
    clock,
  }
}

function optimumOf(model: LimitModel, callers: number, latencyMs: number, isFirstAlone: boolean): number {
  let nowMs = latencyMs / 2
  let taken = 0
  if (isFirstAlone) {
    model.take(nowMs)
    nowMs += latencyMs
    model.answered(nowMs)
    taken++
  }
  const ends: number[] = []
  while (taken < callers) {
    while (ends[0] !== undefined && ends[0] <= nowMs) {
      ends.shift()
      model.answered(nowMs)
    }
    if (model.take(nowMs)) {
      taken++
      ends.push(nowMs + latencyMs)
    } else {
      nowMs += Math.min(Math.max(model.nextMs(nowMs), 0.01), (ends[0] ?? Infinity) - nowMs || 0.01)
    }
  }
  return nowMs + latencyMs / 2
}
