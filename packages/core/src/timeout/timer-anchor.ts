import type { Clock } from '../time/clock.ts'

const STARTS_PER_LOOK = 64

/**
 * Makes timers of one length cheap. Node.js keeps the timers of each length in a list of its own, and to make that list for one
 * timer and to throw it away again costs several times what the timer does. In a function that is called all the time the list is
 * kept by an idle timer, which is renewed at most once per `lengthMs` and holds no process.
 */
export class TimerAnchor {
  readonly #clock: Clock
  readonly #lengthMs: number
  #starts = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock
    this.#lengthMs = lengthMs
  }

  /** A timer is about to start. */
  note(): void {
    if (++this.#starts % STARTS_PER_LOOK > 0 || this.#cancel !== undefined || this.#lengthMs === Infinity) return
    const onEnd = (): void => {
      this.#cancel = undefined
    }
    this.#cancel = this.#clock.schedule(this.#lengthMs, onEnd, { background: true })
  }

  dispose(): void {
    this.#cancel?.()
  }
}
