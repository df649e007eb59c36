import { Bulkhead } from '../bulkhead/bulkhead.ts'
import { CircuitBreaker } from '../circuit-breaker/circuit-breaker.ts'
import type { IntegrationErrorInit } from '../errors/integration-error.ts'
import type { CoreEventMap, ScopeEvent } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { LimitBucket } from '../rate-limit/limit-bucket.ts'
import { RetryBudget } from '../retry/retry-budget.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'

/** The state of the policies for one host and connection. What is off is absent. */
export class HostScope {
  readonly host: string
  /** What every event about this host carries. */
  readonly facts: ScopeEvent
  readonly bucket: LimitBucket | undefined
  readonly bulkhead: Bulkhead | undefined
  readonly breaker: CircuitBreaker | undefined
  readonly budget: RetryBudget | undefined
  /** The failure that was counted last against the breaker. */
  lastFailure: IntegrationErrorInit | undefined

  constructor(host: string, options: ResolvedFetchOptions, events: Emitter<CoreEventMap>) {
    const { connector, connection, rateLimit, bulkhead, breaker, retry } = options
    this.host = host
    this.facts = Object.freeze({
      host,
      ...(connector === undefined ? {} : { integration: connector.id }),
      ...(connection === undefined ? {} : { connection }),
    })
    // A surfaced limit pauses nobody.
    if (rateLimit !== false && rateLimit.onLimit === 'wait')
      this.bucket = new LimitBucket(rateLimit.releaseIntervalMs, options.random)
    if (bulkhead !== false) this.bulkhead = new Bulkhead(bulkhead, options.clock)
    if (retry !== false && retry.budget !== false) this.budget = new RetryBudget(retry.budget)
    if (breaker !== false)
      this.breaker = new CircuitBreaker(breaker, {
        opened: () => {
          const code = this.lastFailure?.code
          if (events.has('circuit:opened'))
            events.emit('circuit:opened', {
              ...this.facts,
              breakMs: breaker.breakMs,
              ...(code === undefined ? {} : { code }),
            })
        },
        halfOpened: () => events.emit('circuit:half-opened', this.facts),
        closed: () => events.emit('circuit:closed', this.facts),
      })
  }

  snapshot(nowMs: number): HostSnapshot {
    const { bucket, bulkhead, breaker, budget } = this
    return {
      host: this.host,
      ...(bucket === undefined ? {} : { limitPausedMs: bucket.pausedMs(nowMs) }),
      ...(bulkhead === undefined ? {} : { active: bulkhead.active, queued: bulkhead.queued }),
      ...(breaker === undefined ? {} : { circuit: breaker.state }),
      ...(budget === undefined ? {} : { retryTokens: budget.tokens }),
    }
  }
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
  readonly circuit?: 'closed' | 'open' | 'half_open'
  /** What is left in the retry budget. */
  readonly retryTokens?: number
}
