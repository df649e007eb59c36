import type { CircuitPermit } from '../circuit-breaker/breaker-state.ts'
import { AttemptTimer } from '../timeout/attempt-timer.ts'
import type { CallSignal } from '../timeout/call-signal.ts'
import type { Call } from './call.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'

/** A request under way, with what it gives back at its end. */
export class Attempt {
  readonly call: Call
  /** 1 for the first of the call. */
  readonly number: number
  readonly startedMs: number
  /** Absent when the breaker is off. */
  readonly permit: CircuitPermit | undefined
  /** Absent when there is no time limit, so that the caller's own signal goes to the transport. */
  readonly signal: CallSignal | undefined
  readonly timer: AttemptTimer
  /** Whether it was sent beside another one. */
  readonly isHedge: boolean

  constructor(
    call: Call,
    number: number,
    startedMs: number,
    permit: CircuitPermit | undefined,
    signal: CallSignal | undefined,
    { clock, attemptTimeoutMs }: ResolvedFetchOptions,
    isHedge = false,
  ) {
    this.call = call
    this.number = number
    this.startedMs = startedMs
    this.permit = permit
    this.signal = signal
    this.timer = new AttemptTimer(signal, clock, attemptTimeoutMs, call.deadlineAtMs - startedMs)
    this.isHedge = isHedge
  }
}
