/** How a provider counts. All times in milliseconds of its own clock. */
export interface LimitModel {
  /** Whether a request that arrives now goes through; then it is counted. */
  take(nowMs: number): boolean
  /** A request that went through is answered now. */
  answered(nowMs: number): void
  /** How many more would go through now. */
  remaining(nowMs: number): number
  /** How long until the next one goes through; 0: now. */
  nextMs(nowMs: number): number
  /** What the provider calls its reset: the end of the window, where it has one. */
  resetMs(nowMs: number): number
}

/** Windows of a fixed length, one after the other; the first began `phaseMs` ago. */
export function fixedWindow(limit: number, windowMs: number, phaseMs = 0): LimitModel {
  let window = -1
  let count = 0
  const roll = (nowMs: number): void => {
    const current = Math.floor((nowMs + phaseMs) / windowMs)
    if (current !== window) count = 0
    window = current
  }
  const endMs = (nowMs: number): number => windowMs - ((nowMs + phaseMs) % windowMs)
  return {
    take: (nowMs) => {
      roll(nowMs)
      return count < limit ? (count++, true) : false
    },
    answered: () => {},
    remaining: (nowMs) => {
      roll(nowMs)
      return limit - count
    },
    nextMs: (nowMs) => {
      roll(nowMs)
      return count < limit ? 0 : endMs(nowMs)
    },
    resetMs: endMs,
  }
}

/** A window that begins with its first request. */
export function lazyWindow(limit: number, windowMs: number): LimitModel {
  let beganMs = -Infinity
  let count = 0
  const roll = (nowMs: number): void => {
    if (nowMs >= beganMs + windowMs) count = 0
  }
  return {
    take: (nowMs) => {
      roll(nowMs)
      if (count >= limit) return false
      if (count++ === 0) beganMs = nowMs
      return true
    },
    answered: () => {},
    remaining: (nowMs) => {
      roll(nowMs)
      return limit - count
    },
    nextMs: (nowMs) => {
      roll(nowMs)
      return count < limit ? 0 : beganMs + windowMs - nowMs
    },
    resetMs: (nowMs) => {
      roll(nowMs)
      return count === 0 ? windowMs : beganMs + windowMs - nowMs
    },
  }
}

/** A log of the requests of the last window, whenever that began. */
export function slidingLog(limit: number, windowMs: number): LimitModel {
  let log: number[] = []
  const roll = (nowMs: number): void => {
    log = log.filter((atMs) => atMs > nowMs - windowMs)
  }
  const oldestMs = (nowMs: number): number => {
    roll(nowMs)
    return (log[0] ?? nowMs) + windowMs - nowMs
  }
  return {
    take: (nowMs) => {
      roll(nowMs)
      return log.length < limit ? (log.push(nowMs), true) : false
    },
    answered: () => {},
    remaining: (nowMs) => {
      roll(nowMs)
      return limit - log.length
    },
    nextMs: (nowMs) => {
      roll(nowMs)
      return log.length < limit ? 0 : oldestMs(nowMs)
    },
    resetMs: oldestMs,
  }
}

/** Two counters, as Redis and the large CDNs keep them: the window before counts by the part of it that is not over. */
export function slidingCounter(limit: number, windowMs: number): LimitModel {
  let window = -1
  let count = 0
  let before = 0
  const estimate = (nowMs: number): number => {
    const current = Math.floor(nowMs / windowMs)
    if (current !== window) {
      before = current === window + 1 ? count : 0
      count = 0
      window = current
    }
    return before * (1 - (nowMs % windowMs) / windowMs) + count
  }
  const isFree = (nowMs: number): boolean => estimate(nowMs) + 1 <= limit
  return {
    take: (nowMs) => (isFree(nowMs) ? (count++, true) : false),
    answered: () => {},
    remaining: (nowMs) => Math.max(0, Math.floor(limit - estimate(nowMs))),
    nextMs: (nowMs) => {
      if (isFree(nowMs)) return 0
      const restMs = windowMs - (nowMs % windowMs)
      const inWindowMs = ((before + count + 1 - limit) / before) * windowMs - (nowMs % windowMs)
      if (before > 0 && count + 1 <= limit && inWindowMs < restMs) return inWindowMs
      return restMs + Math.max(0, ((count + 1 - limit) / count) * windowMs)
    },
    resetMs: (nowMs) => windowMs - (nowMs % windowMs),
  }
}

/** Tokens that come back evenly, at most `burst` of them; as a leaky bucket and GCRA count too. */
export function tokenBucket(limit: number, windowMs: number, burst = limit): LimitModel {
  const tokenMs = windowMs / limit
  // When all tokens are back.
  let fullMs = -Infinity
  const missingMs = (nowMs: number): number => Math.max(fullMs, nowMs) + tokenMs - burst * tokenMs - nowMs
  return {
    take: (nowMs) => {
      // Whatever is a millionth of a token is the arithmetic.
      if (missingMs(nowMs) > 1e-6 * tokenMs) return false
      fullMs = Math.max(fullMs, nowMs) + tokenMs
      return true
    },
    answered: () => {},
    remaining: (nowMs) => Math.floor(burst - Math.max(0, fullMs - nowMs) / tokenMs + 1e-6),
    nextMs: (nowMs) => Math.max(0, missingMs(nowMs)),
    resetMs: (nowMs) => Math.max(0, missingMs(nowMs)),
  }
}

/** So many at a time, however many in an hour. */
export function concurrency(limit: number): LimitModel {
  let active = 0
  return {
    take: () => (active < limit ? (active++, true) : false),
    answered: () => void active--,
    remaining: () => limit - active,
    nextMs: () => (active < limit ? 0 : 1),
    resetMs: () => 0,
  }
}
