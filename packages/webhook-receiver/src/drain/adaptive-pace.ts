import { checkOptions, durationMs, InvalidOptionsError, number } from '@holdfast/core'
import type { PaceOptions } from '../receiver/destination-options.ts'
import { hintedDelayMs } from './failure.ts'
import { outcomeKind } from './outcome-kind.ts'
import type { Pacer } from './pacer.ts'

/** A pace that adapts, checked and complete. */
export type ResolvedPace = Required<PaceOptions>

/** What of a pace has a default that does not follow from `min` and `max`. */
export const defaultPaceOptions: Readonly<{ fallTo: number; slowMs: number }> = Object.freeze({
  fallTo: 0.5,
  slowMs: Infinity,
})

// From `min` to `max` in a minute.
const SECONDS_TO_MAX = 60
// What was under way when the rate fell says nothing about the new one.
const FALL_AT_MOST_EVERY_MS = 1000
// Only a rate that was used can be found to be bearable.
const COUNTS_AS_USED_MS = 1000

/**
 * Checks the options of an adaptive pace.
 *
 * @throws InvalidOptionsError for the first that is wrong.
 */
export function resolvePace(path: string, options: PaceOptions): ResolvedPace {
  const rate = number({ min: 0.001, max: 1_000_000 })
  checkOptions(path, options, {
    min: rate,
    max: rate,
    start: rate,
    risePerSecond: rate,
    fallTo: number({ min: 0.01, max: 0.99 }),
    slowMs: durationMs({ min: 1, infinity: true }),
  })
  const { min, max } = options
  const wrong = (name: string, expected: string, received: unknown): InvalidOptionsError =>
    new InvalidOptionsError({ path: `${path}.${name}`, expected, received })
  if (min === undefined) throw wrong('min', 'given', undefined)
  if (max === undefined) throw wrong('max', 'given', undefined)
  if (max < min) throw wrong('max', `at least min (${min})`, max)
  const { start = min } = options
  if (start < min || start > max) throw wrong('start', `from min (${min}) to max (${max})`, start)
  return Object.freeze({
    min,
    max,
    start,
    risePerSecond: options.risePerSecond ?? Math.max(0.001, (max - min) / SECONDS_TO_MAX),
    fallTo: options.fallTo ?? defaultPaceOptions.fallTo,
    slowMs: options.slowMs ?? defaultPaceOptions.slowMs,
  })
}

/** Changes the rate of a pacer by what becomes of the attempts: additive increase, multiplicative decrease. Times are monotonic. */
export interface AdaptivePace {
  /** A start had to wait for its turn, so the rate is what bounds. */
  waited(nowMs: number): void
  succeeded(durationMs: number, nowMs: number): void
  failed(error: unknown, durationMs: number, nowMs: number): void
}

/** Makes the adaptive pace of a destination; its pacer begins at `pace.start`. `maxHoldMs`: longest wait that an answer can ask for. */
export function createAdaptivePace(pace: ResolvedPace, pacer: Pacer, maxHoldMs: number): AdaptivePace {
  let waitedAtMs = -Infinity
  let roseAtMs: number | undefined
  let fellAtMs = -Infinity

  const rise = (nowMs: number): void => {
    const isUsed = nowMs - waitedAtMs <= COUNTS_AS_USED_MS
    const elapsedMs = isUsed && roseAtMs !== undefined ? Math.min(nowMs - roseAtMs, COUNTS_AS_USED_MS) : 0
    roseAtMs = nowMs
    if (elapsedMs > 0)
      pacer.ratePerSecond = Math.min(pace.max, pacer.ratePerSecond + (pace.risePerSecond * elapsedMs) / 1000)
  }

  const fall = (startedAtMs: number, nowMs: number): void => {
    roseAtMs = nowMs
    if (startedAtMs < fellAtMs || nowMs - fellAtMs < FALL_AT_MOST_EVERY_MS) return
    fellAtMs = nowMs
    pacer.ratePerSecond = Math.max(pace.min, pacer.ratePerSecond * pace.fallTo)
  }

  return {
    waited(nowMs) {
      waitedAtMs = nowMs
    },
    succeeded(durationMs, nowMs) {
      if (durationMs >= pace.slowMs) fall(nowMs - durationMs, nowMs)
      else rise(nowMs)
    },
    failed(error, durationMs, nowMs) {
      const kind = outcomeKind(error)
      if (kind === 'refusal') return
      fall(nowMs - durationMs, nowMs)
      // It asks everybody to wait, not only this event.
      if (kind === 'overload') pacer.holdUntil(nowMs + Math.min(hintedDelayMs(error), maxHoldMs))
    },
  }
}
