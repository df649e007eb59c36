import { checkOptions, integer } from '../options/check.ts'
import { withDefaults } from '../options/with-defaults.ts'

/** How many calls to one host run at a time. Off unless given. */
export interface BulkheadOptions {
  /** Attempts in flight per host, from sending until the response headers. An integer >= 1. @defaultValue 64 */
  readonly maxConcurrent?: number
  /** Calls that wait for a slot, the most urgent and earliest first; one more is refused. 0 never waits. @defaultValue 1_000 */
  readonly maxQueue?: number
}

export type ResolvedBulkheadOptions = Required<BulkheadOptions>

/** The defaults of `BulkheadOptions`, once a bulkhead is asked for. */
export const defaultBulkheadOptions: ResolvedBulkheadOptions = Object.freeze({ maxConcurrent: 64, maxQueue: 1_000 })

/** @throws InvalidOptionsError when an option is wrong. */
export function resolveBulkheadOptions(options: BulkheadOptions): ResolvedBulkheadOptions {
  checkOptions('bulkhead', options, { maxConcurrent: integer({ min: 1 }), maxQueue: integer({ min: 0 }) })
  return withDefaults(defaultBulkheadOptions, options)
}
