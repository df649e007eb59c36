import type { Clock } from '../time/clock.ts'
import type { CallSignal } from './call-signal.ts'

const HAIR_MS = 1e-6

/** The time limit of one attempt: the attempt timeout, or what is left of the deadline where that is less. */
export class AttemptTimer {
  /** Whether it is the deadline that limits. */
  readonly isTotal: boolean
  /** What it aborted the attempt with; absent until it does. */
  reason: unknown
  readonly #cancel: (() => void) | undefined

  /** `Infinity`: no limit. Without `signal` there is none either. */
  constructor(signal: CallSignal | undefined, clock: Clock, attemptTimeoutMs: number, remainingMs: number) {
    this.isTotal = remainingMs <= attemptTimeoutMs
    const limitMs = this.isTotal ? remainingMs : attemptTimeoutMs
    if (signal === undefined || limitMs === Infinity) return
    // Time reckoned back from a deadline may be a hair less than the whole milliseconds that it is; Node.js would drop the last one.
    const wholeMs = Math.round(limitMs)
    this.#cancel = clock.schedule(Math.abs(wholeMs - limitMs) < HAIR_MS ? wholeMs : limitMs, () => {
      this.reason = signal.timeOut()
    })
  }

  cancel(): void {
    this.#cancel?.()
  }
}
