import type { Random } from '@holdfast/core'
import { createAdaptivePace } from './adaptive-pace.ts'
import { createBreaker } from './breaker.ts'
import type { ResolvedDestination } from './destination-options.ts'
import { createPacer } from './pacer.ts'

/** Says when a destination may start its next attempt: whether somebody holds it, its breaker, and its pace. Times are monotonic. */
export interface Valve {
  /** Whether somebody has paused it. */
  isHeld: boolean
  readonly breaker: 'closed' | 'open' | 'half-open'
  /** Starts per second at present; `Infinity` without a pace. */
  readonly ratePerSecond: number
  /** How long the next attempt has to wait; `Infinity`: until something happens. `woken`: asked because the timer for that fired. */
  delayMs(nowMs: number, woken: boolean): number
  /** An attempt starts. True: it is a probe of the breaker. */
  take(nowMs: number): boolean
  succeeded(isProbe: boolean, durationMs: number, nowMs: number): void
  failed(isProbe: boolean, error: unknown, durationMs: number, nowMs: number): void
  /** A probe was broken off, and says nothing. */
  abandoned(): void
}

/** Makes the valve of a destination, open. */
export function createValve(
  {
    ratePerSecond,
    pace,
    breaker: breakerOptions,
    maxDelayMs,
  }: Pick<ResolvedDestination, 'ratePerSecond' | 'pace' | 'breaker' | 'maxDelayMs'>,
  random: Random,
  listener: Parameters<typeof createBreaker>[2],
): Valve {
  const startRate = pace?.start ?? ratePerSecond
  const pacer = startRate === Infinity ? undefined : createPacer(startRate)
  const adaptive = pace === undefined || pacer === undefined ? undefined : createAdaptivePace(pace, pacer, maxDelayMs)
  const breaker = breakerOptions === undefined ? undefined : createBreaker(breakerOptions, random, listener)
  return {
    isHeld: false,
    get breaker() {
      return breaker?.state ?? 'closed'
    },
    get ratePerSecond() {
      return pacer?.ratePerSecond ?? Infinity
    },
    delayMs(nowMs, woken) {
      if (this.isHeld) return Infinity
      const breakMs = breaker?.delayMs(nowMs) ?? 0
      if (breakMs > 0) return breakMs
      const paceMs = pacer?.delayMs(nowMs, woken) ?? 0
      if (paceMs > 0) adaptive?.waited(nowMs)
      return paceMs
    },
    take(nowMs) {
      pacer?.take()
      return breaker?.take(nowMs) ?? false
    },
    succeeded(isProbe, durationMs, nowMs) {
      breaker?.succeeded(isProbe)
      adaptive?.succeeded(durationMs, nowMs)
    },
    failed(isProbe, error, durationMs, nowMs) {
      breaker?.failed(isProbe, error, nowMs)
      adaptive?.failed(error, durationMs, nowMs)
    },
    abandoned: () => breaker?.abandoned(),
  }
}
