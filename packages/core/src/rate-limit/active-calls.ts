import type { Load } from './limit-queue.ts'
import type { SuccessLog } from './success-log.ts'

/** The calls under a limit that are in flight. */
export class ActiveCalls implements Load {
  #calls = 0
  #units = 0
  #unpriced = 0
  /** Of the calls since nothing was in flight. */
  #mostAtOnce = 0

  get calls(): number {
    return this.#calls
  }

  get units(): number {
    return this.#units
  }

  get unpriced(): number {
    return this.#unpriced
  }

  /** @param cost - What the call takes; `undefined`: nobody said. */
  started(cost: number | undefined): void {
    if (this.#calls === 0) this.#mostAtOnce = 0
    this.#calls++
    this.#mostAtOnce = Math.max(this.#mostAtOnce, this.#calls)
    if (cost === undefined) this.#unpriced++
    else this.#units += cost
  }

  ended(cost: number | undefined): void {
    this.#calls--
    if (cost === undefined) this.#unpriced--
    else this.#units -= cost
  }

  /** How many at a time went through, or may have, beside a call that has ended because it was one too many. */
  beside(startedAtMs: number, cost: number, successes: SuccessLog): number {
    return Math.min(this.#calls + successes.since(startedAtMs) / cost, this.#mostAtOnce - 1)
  }
}
