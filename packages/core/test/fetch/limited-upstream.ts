import { type FakeClock, fakeClock } from '../../src/testing/index.ts'

export interface UpstreamLimit {
  readonly limit: number
  readonly windowMs: number
  /** `fixed`: windows begin at multiples of their length; `sliding`: every stretch of that length is one. */
  readonly window: 'fixed' | 'sliding'
  /** Whether answers tell limit, remaining and reset, in whole seconds. */
  readonly tells: boolean
  /** From the arrival of a request until its answer is there. */
  readonly latencyMs?: number
  /** What is added to it, each time anew. */
  readonly jitterMs?: () => number
}

export interface LimitedUpstream {
  readonly clock: FakeClock
  readonly fetch: typeof globalThis.fetch
  /** One entry per request, in order. */
  readonly seen: { readonly path: string; readonly atMs: number; readonly status: number }[]
  /** Requests that were sent after an answer 429 had arrived, and got another one. */
  repeated429(): number
}

/** A provider with a limit per first segment of the path, on a fake clock. */
export function limitedUpstream(limits: UpstreamLimit | Readonly<Record<string, UpstreamLimit>>): LimitedUpstream {
  const clock = fakeClock()
  const seen: { path: string; atMs: number; status: number; answeredMs: number }[] = []
  const taken = new Map<string, number[]>()
  const limitOf = (group: string): UpstreamLimit | undefined =>
    'limit' in limits ? (limits as UpstreamLimit) : (limits as Readonly<Record<string, UpstreamLimit>>)[group]

  const fetch: typeof globalThis.fetch = async (input) => {
    const path = new URL(typeof input === 'string' ? input : 'url' in input ? input.url : input.href).pathname
    const group = path.split('/')[1] ?? ''
    const rule = limitOf(group)
    if (rule === undefined) throw new Error(`no limit for ${path}`)
    const { limit, windowMs, window, tells } = rule
    const latencyMs = (rule.latencyMs ?? 0) + (rule.jitterMs?.() ?? 0)
    const nowMs = clock.monotonicMs()
    const beganMs = window === 'fixed' ? Math.floor(nowMs / windowMs) * windowMs : nowMs - windowMs
    const current = (taken.get(group) ?? []).filter((atMs) => (window === 'fixed' ? atMs >= beganMs : atMs > beganMs))
    const isAllowed = current.length < limit
    if (isAllowed) current.push(nowMs)
    taken.set(group, current)
    const endsMs = window === 'fixed' ? beganMs + windowMs : (current[0] ?? nowMs) + windowMs
    const resetS = String(Math.ceil((endsMs - nowMs) / 1_000))
    const entry = { path, atMs: nowMs, status: isAllowed ? 200 : 429, answeredMs: Infinity }
    seen.push(entry)
    if (latencyMs > 0) await clock.sleep(latencyMs)
    entry.answeredMs = clock.monotonicMs()
    const told = {
      'ratelimit-limit': String(limit),
      'ratelimit-remaining': String(limit - current.length),
      'ratelimit-reset': resetS,
    }
    const headers = { ...(tells ? told : {}), ...(isAllowed ? {} : { 'retry-after': resetS }) }
    return new Response('', { status: entry.status, headers })
  }
  return {
    clock,
    fetch,
    seen,
    repeated429: () => {
      const first = (group: string): number =>
        Math.min(
          ...seen.flatMap((one) => (one.status === 429 && one.path.split('/')[1] === group ? one.answeredMs : [])),
        )
      return seen.filter(({ path, atMs, status }) => status === 429 && atMs > first(path.split('/')[1] ?? '')).length
    },
  }
}
