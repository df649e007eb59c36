import type { CircuitState } from '../circuit-breaker/circuit-breaker.ts'
import type { ErrorCode } from '../errors/codes.ts'

/** The state of a function made by `createFetch`. Plain JSON. */
export interface FetchSnapshot {
  readonly integration?: string
  readonly connection?: string
  /** Hosts that were called, in no particular order; at most 10,000 are kept. */
  readonly hosts: readonly HostSnapshot[]
}

/** The state of one circuit. */
export interface CircuitSnapshot {
  /** The group of endpoints; absent for what belongs to no group. */
  readonly group?: string
  readonly state: CircuitState
  /** When the break is over, in milliseconds since the epoch; only while it is open. */
  readonly openUntil?: number
  /** How often it has opened again without having closed, which makes the break grow; absent when it has not. */
  readonly reopened?: number
  /** Why it opened; only while it is open or half-open. */
  readonly reason?: 'failures' | 'slow_calls'
  /** What failed last when it opened, where it opened because of failures. */
  readonly code?: ErrorCode
}

/** The state of one host. What belongs to a policy that is off is absent. */
export interface HostSnapshot {
  readonly host: string
  /** How long calls are still paused by a rate limit, in milliseconds. */
  readonly limitPausedMs?: number
  /** Attempts in flight. */
  readonly active?: number
  /** Calls that wait for a slot of the bulkhead. */
  readonly queued?: number
  /** The circuit for what belongs to no group of endpoints, then those of the groups that were called. */
  readonly circuits?: readonly CircuitSnapshot[]
  /** What is left in the retry budget. */
  readonly retryTokens?: number
}
