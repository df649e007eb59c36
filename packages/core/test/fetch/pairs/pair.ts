import type { FetchOptions } from '../../../src/index.ts'
import { seededRandom } from '../../../src/testing/index.ts'

/** What can act on a call at the same time, outermost first, as in docs/outbound.md. */
export const policies = [
  'abort',
  'refusals',
  'deadline',
  'idempotency',
  'auth',
  'retry',
  'budget',
  'hedge',
  'rate limit',
  'bulkhead',
  'breaker',
  'attempt timeout',
] as const

export type Policy = (typeof policies)[number]

/** A new option belongs to a policy, whose pairs then need a scenario each, or acts on no call by itself. */
export const policyOfOption: Readonly<Record<keyof FetchOptions, Policy | 'none'>> = {
  fetch: 'none',
  connector: 'none',
  connection: 'none',
  deadlineMs: 'deadline',
  attemptTimeoutMs: 'attempt timeout',
  deadlineHeader: 'none',
  retry: 'retry',
  hedge: 'hedge',
  rateLimit: 'rate limit',
  breaker: 'breaker',
  bulkhead: 'bulkhead',
  idempotency: 'idempotency',
  auth: 'auth',
  refusals: 'refusals',
  restore: 'none',
  state: 'none',
  clock: 'none',
  random: 'none',
}

/** A call on which both policies act at once, and what has to be true of it. */
export interface Pair {
  readonly of: readonly [Policy, Policy]
  readonly title: string
  run(): Promise<void>
}

export function pair(first: Policy, second: Policy, title: string, run: () => Promise<void>): Pair {
  return { of: [first, second], title, run }
}

/** The first backoff is exactly 125 ms, breaks and pauses are exact. */
export const exact = { ...seededRandom(), next: () => 0.5 }
