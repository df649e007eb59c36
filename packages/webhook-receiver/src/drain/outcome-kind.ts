import { isIntegrationError } from '@holdfast/core'

/**
 * What a failed attempt says about a destination. `overload`: it asks for less. `failure`: it is not well, as far as one can tell.
 * `refusal`: it is well, and does not want this event.
 */
export type OutcomeKind = 'overload' | 'failure' | 'refusal'

const OVERLOADED: ReadonlySet<string> = new Set([
  'rate_limited',
  'quota_exhausted',
  'overloaded',
  'upstream_unavailable',
])

/** Reads the error of a failed attempt. One that is not of our taxonomy is a failure: nobody knows whose fault it was. */
export function outcomeKind(error: unknown): OutcomeKind {
  if (!isIntegrationError(error)) return 'failure'
  if (OVERLOADED.has(error.code) && error.reason !== 'effect_busy') return 'overload'
  return error.fault === 'caller' || error.fault === 'customer' || error.reason === 'effect_busy'
    ? 'refusal'
    : 'failure'
}
