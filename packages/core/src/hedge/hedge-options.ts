import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { checkOptions, durationMs, integer } from '../options/check.ts'

/** A second request where the first one is slow to answer, and whichever answers first. Off unless given. */
export interface HedgeOptions {
  /**
   * How long the response headers of an attempt are awaited before another one is sent beside it, in milliseconds; more than 0.
   * Choose what nineteen of twenty answers need: much less doubles the load, much more wins nothing. There is no default,
   * because that is a property of the API.
   */
  readonly delayMs: number
  /** Attempts sent beside the first, each `delayMs` after the one before. An integer from 1 to 5. @defaultValue 1 */
  readonly maxHedges?: number
}

export type ResolvedHedgeOptions = Required<HedgeOptions>

/** The defaults of `HedgeOptions`. */
export const defaultHedgeOptions: Omit<ResolvedHedgeOptions, 'delayMs'> = Object.freeze({ maxHedges: 1 })

/** @throws InvalidOptionsError when an option is wrong. */
export function resolveHedgeOptions(options: HedgeOptions): ResolvedHedgeOptions {
  const delay = durationMs({ min: 1 })
  checkOptions('hedge', options, { delayMs: delay, maxHedges: integer({ min: 1, max: 5 }) })
  const { delayMs, maxHedges = defaultHedgeOptions.maxHedges } = options
  if (delayMs === undefined)
    throw new InvalidOptionsError({ path: 'hedge.delayMs', expected: delay(delayMs) ?? '', received: delayMs })
  return Object.freeze({ delayMs, maxHedges })
}
