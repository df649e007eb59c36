import type { ResolvedRetryBudgetOptions } from './retry-options.ts'

/** The tokens that retries to one host cost. Starts full. */
export class RetryBudget {
  readonly #options: ResolvedRetryBudgetOptions
  #tokens: number

  constructor(options: ResolvedRetryBudgetOptions) {
    this.#options = options
    this.#tokens = options.maxTokens
  }

  get tokens(): number {
    return this.#tokens
  }

  /** Pays for a retry. Returns what was paid, or nothing when the tokens do not suffice. */
  pay(throttled: boolean): number | undefined {
    const cost = throttled ? this.#options.throttleCost : this.#options.transientCost
    if (cost > this.#tokens) return undefined
    this.#tokens -= cost
    return cost
  }

  /** Puts tokens back after a success: the price of the retry that made it, or the refund of a call that needed none. */
  succeeded(paid: number): void {
    const refund = paid > 0 ? paid : this.#options.successRefund
    this.#tokens = Math.min(this.#options.maxTokens, this.#tokens + refund)
  }
}
