import { checkOptions, durationMs, InvalidOptionsError, integer, type Random } from '@holdfast/core'
import type { BreakerOptions } from '../receiver/destination-options.ts'
import { hintedDelayMs } from './failure.ts'
import { outcomeKind } from './outcome-kind.ts'

/** The options of a breaker, checked and complete. */
export type ResolvedBreaker = Required<BreakerOptions>

/** The defaults of a destination's breaker. */
export const defaultBreakerOptions: ResolvedBreaker = Object.freeze({ failures: 5, breakMs: 5_000, maxBreakMs: 60_000 })

/**
 * Checks the options of a breaker.
 *
 * @throws InvalidOptionsError for the first that is wrong.
 */
export function resolveBreaker(path: string, options: BreakerOptions): ResolvedBreaker {
  checkOptions(path, options, {
    failures: integer({ min: 1 }),
    breakMs: durationMs({ min: 1 }),
    maxBreakMs: durationMs({ min: 1 }),
  })
  const defaults = defaultBreakerOptions
  const breakMs = options.breakMs ?? defaults.breakMs
  const maxBreakMs = options.maxBreakMs ?? Math.max(breakMs, defaults.maxBreakMs)
  if (maxBreakMs >= breakMs)
    return Object.freeze({ failures: options.failures ?? defaults.failures, breakMs, maxBreakMs })
  throw new InvalidOptionsError({
    path: `${path}.maxBreakMs`,
    expected: `at least breakMs (${breakMs})`,
    received: maxBreakMs,
  })
}

/**
 * Tells a destination that does not work from events that it does not like. Core's breaker refuses calls; this one lets them wait, so it
 * looks at failures in a row, counts no window, and is asked how long to wait.
 *
 * **closed**: attempts start. `failures` in a row open it, and a success or a refusal begins the count anew. **open**: nothing starts until
 * the break is over. **half-open**: one attempt starts, the probe. Its success closes, its failure opens for twice as long. What was
 * begun earlier does not count any more.
 */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'half-open'
  /** How long the next attempt has to wait; `Infinity`: for the end of the probe. */
  delayMs(nowMs: number): number
  /** An attempt starts. True: it is the probe. */
  take(nowMs: number): boolean
  succeeded(isProbe: boolean): void
  failed(isProbe: boolean, error: unknown, nowMs: number): void
  /** The probe was broken off, and says nothing. */
  abandoned(): void
}

/** Makes a breaker, closed. Times are monotonic milliseconds. */
export function createBreaker(
  { failures, breakMs, maxBreakMs }: ResolvedBreaker,
  random: Random,
  listener: {
    readonly onOpened: (breakMs: number, error: unknown) => void
    readonly onClosed: () => void
  },
): Breaker {
  let state: Breaker['state'] = 'closed'
  let inARow = 0
  let opened = 0
  let untilMs = 0
  let isProbing = false

  const open = (error: unknown, nowMs: number): void => {
    const grownMs = Math.min(maxBreakMs, breakMs * 2 ** Math.min(opened, 30))
    // Give or take a tenth, so that those who failed together do not come back together.
    const jittered = grownMs * (0.9 + 0.2 * random.next())
    const lengthMs = Math.min(maxBreakMs, Math.max(jittered, hintedDelayMs(error)))
    state = 'open'
    opened += 1
    isProbing = false
    untilMs = nowMs + lengthMs
    listener.onOpened(lengthMs, error)
  }

  const close = (): void => {
    state = 'closed'
    inARow = 0
    opened = 0
    isProbing = false
    listener.onClosed()
  }

  return {
    get state() {
      return state
    },
    delayMs(nowMs) {
      if (state === 'closed') return 0
      if (state === 'open') {
        if (nowMs < untilMs) return untilMs - nowMs
        state = 'half-open'
      }
      return isProbing ? Infinity : 0
    },
    take() {
      if (state !== 'half-open') return false
      isProbing = true
      return true
    },
    succeeded(isProbe) {
      if (isProbe && state === 'half-open') close()
      else inARow = 0
    },
    failed(isProbe, error, nowMs) {
      if (outcomeKind(error) === 'refusal') {
        // It answered, so it is there.
        if (isProbe && state === 'half-open') close()
        else inARow = 0
        return
      }
      if (state === 'half-open' && isProbe) open(error, nowMs)
      else if (state === 'closed' && ++inARow >= failures) open(error, nowMs)
    },
    abandoned() {
      isProbing = false
    },
  }
}
