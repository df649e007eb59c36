import type { ResolvedRetryBudgetOptions } from './retry-options.ts'
import { RetryRatio } from './retry-ratio.ts'

/**
 * What retries to one host may cost: tokens, which begin full, and a share of the calls. The tokens bound a burst, and retries that
 * do not help; the share bounds those that do, and that would otherwise double the load of a host for good.
 *
 * It is a ratio instead of having one: every call touches both, and two objects are two misses of the processor's cache.
 */
export class RetryBudget extends RetryRatio<ResolvedRetryBudgetOptions> {
  #tokens: number

  constructor(options: ResolvedRetryBudgetOptions) {
    super(options)
    this.#tokens = options.maxTokens
  }

  get tokens(): number {
    return this.#tokens
  }

  /** Pays for a retry. Returns what was paid, or nothing when there must not be one. */
  pay(throttled: boolean, nowMs: number): number | undefined {
    const cost = throttled ? this.limits.throttleCost : this.limits.transientCost
    if (cost > this.#tokens) return undefined
    // What a limit paces needs no share of the calls: it is sent when the limit says so.
    if (!throttled) {
      if (!this.allowsRetry(nowMs)) return undefined
      this.countRetry(nowMs)
    }
    this.#tokens -= cost
    return cost
  }

  /** Puts tokens back after a success: the price of the retry that made it, or the refund of a call that needed none. */
  succeeded(paid: number): void {
    const refund = paid > 0 ? paid : this.limits.successRefund
    this.#tokens = Math.min(this.limits.maxTokens, this.#tokens + refund)
  }
}
