import type { Clock } from '../time/clock.ts'
import type { CallSignal } from './call-signal.ts'

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
    this.#cancel = clock.schedule(limitMs, () => {
      this.reason = signal.timeOut()
    })
  }

  cancel(): void {
    this.#cancel?.()
  }
}
