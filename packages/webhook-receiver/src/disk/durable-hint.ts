import type { Clock } from '@holdfast/core'

const IDLE_MS = 50
const INTERVAL_MS = 1_000

/**
 * Decides when META is told how far the log is durable: once the log was idle for 50 ms, and once a second while it is not. The hint makes
 * damage at the very end of the log provable; until it is written such damage looks like a write that was never finished.
 */
export class DurableHint {
  readonly #clock: Clock
  readonly #write: () => Promise<void>
  #cancel: (() => void) | undefined
  #changedAt = 0
  #writtenAt: number
  #dirty = false

  constructor(clock: Clock, write: () => Promise<void>) {
    this.#clock = clock
    this.#write = write
    this.#writtenAt = clock.monotonicMs()
  }

  /** Called after each commit. */
  changed(): void {
    this.#dirty = true
    this.#changedAt = this.#clock.monotonicMs()
    this.#cancel ??= this.#clock.schedule(IDLE_MS, () => this.#due(), { background: true })
  }

  /** Called when META was written for another reason. */
  written(): void {
    this.#dirty = false
    this.#writtenAt = this.#clock.monotonicMs()
  }

  /** Ends the timer; whether there is something left to be written. */
  stop(): boolean {
    this.#cancel?.()
    this.#cancel = undefined
    return this.#dirty
  }

  #due(): void {
    this.#cancel = undefined
    if (!this.#dirty) return
    const now = this.#clock.monotonicMs()
    const waitMs = Math.min(this.#changedAt + IDLE_MS, this.#writtenAt + INTERVAL_MS) - now
    if (waitMs > 0) {
      this.#cancel = this.#clock.schedule(waitMs, () => this.#due(), { background: true })
      return
    }
    this.written()
    // The hint may be old; it must never be a reason to stop.
    this.#write().catch(() => undefined)
  }
}
