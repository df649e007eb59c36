import type { LimitModel } from './upstream-limit.ts'

// How long a refusal asks to wait where nobody can know when another request ends.
const CONCURRENCY_WAIT_MS = 1_000

/** What one limit has left. All times are monotonic milliseconds. */
export interface LimitCounter {
  /** How long until `cost` fits; 0 when it does. */
  waitMs(cost: number, nowMs: number): number
  take(cost: number, nowMs: number): void
  /** A request that took `cost` has come to its end. */
  finished(cost: number): void
  remaining(nowMs: number): number
  /** How long until the window ends or, where units come back one by one, until all are back. */
  resetMs(nowMs: number): number
}

/** Makes a counter on which nothing was taken yet. */
export function createLimitCounter(model: LimitModel, limit: number, windowMs: number): LimitCounter {
  switch (model) {
    case 'fixed_window':
      return fixedWindow(limit, windowMs)
    case 'sliding_window':
      return slidingWindow(limit, windowMs)
    case 'token_bucket':
      return tokenBucket(limit, windowMs)
    case 'concurrency':
      return concurrency(limit)
  }
}

function fixedWindow(limit: number, windowMs: number): LimitCounter {
  let endsMs = -Infinity
  let used = 0
  const usedAt = (nowMs: number): number => (nowMs >= endsMs ? 0 : used)
  const resetMs = (nowMs: number): number => (nowMs >= endsMs ? windowMs : endsMs - nowMs)
  return {
    waitMs: (cost, nowMs) => (usedAt(nowMs) + cost <= limit ? 0 : resetMs(nowMs)),
    take: (cost, nowMs) => {
      used = usedAt(nowMs) + cost
      endsMs = nowMs + resetMs(nowMs)
    },
    finished: () => {},
    remaining: (nowMs) => limit - usedAt(nowMs),
    resetMs,
  }
}

function slidingWindow(limit: number, windowMs: number): LimitCounter {
  const taken: { readonly atMs: number; readonly cost: number }[] = []
  const usedAt = (nowMs: number): number => {
    while ((taken[0]?.atMs ?? Infinity) <= nowMs - windowMs) taken.shift()
    return taken.reduce((sum, { cost }) => sum + cost, 0)
  }
  return {
    waitMs: (cost, nowMs) => {
      let excess = usedAt(nowMs) + cost - limit
      if (excess <= 0) return 0
      for (const one of taken) {
        excess -= one.cost
        if (excess <= 0) return one.atMs + windowMs - nowMs
      }
      return windowMs
    },
    take: (cost, nowMs) => {
      taken.push({ atMs: nowMs, cost })
    },
    finished: () => {},
    remaining: (nowMs) => limit - usedAt(nowMs),
    resetMs: (nowMs) => {
      usedAt(nowMs)
      return (taken[0]?.atMs ?? nowMs) + windowMs - nowMs
    },
  }
}

function tokenBucket(limit: number, windowMs: number): LimitCounter {
  const msPerUnit = windowMs / limit
  let level = limit
  let updatedMs = 0
  // Rounding must not keep back what has just come.
  const levelAt = (nowMs: number): number => Math.min(limit, level + (nowMs - updatedMs) / msPerUnit + 1e-9)
  return {
    waitMs: (cost, nowMs) => Math.max(0, Math.ceil((cost - levelAt(nowMs)) * msPerUnit)),
    take: (cost, nowMs) => {
      level = levelAt(nowMs) - cost
      updatedMs = nowMs
    },
    finished: () => {},
    remaining: (nowMs) => Math.floor(levelAt(nowMs)),
    resetMs: (nowMs) => Math.ceil((limit - levelAt(nowMs)) * msPerUnit),
  }
}

function concurrency(limit: number): LimitCounter {
  let active = 0
  return {
    waitMs: (cost) => (active + cost <= limit ? 0 : CONCURRENCY_WAIT_MS),
    take: (cost) => {
      active += cost
    },
    finished: (cost) => {
      active -= cost
    },
    remaining: () => limit - active,
    resetMs: () => CONCURRENCY_WAIT_MS,
  }
}
