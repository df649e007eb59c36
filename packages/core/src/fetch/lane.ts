import type { CircuitPermit } from '../circuit-breaker/circuit-breaker.ts'
import type { CallSignal } from '../timeout/call-signal.ts'

/** One of the requests that are under way at the same time. */
export interface Lane {
  readonly attempt: number
  readonly isHedge: boolean
  readonly startedMs: number
  readonly signal: CallSignal
  readonly permit: CircuitPermit | undefined
}
