import { Bulkhead } from '../bulkhead/bulkhead.ts'
import type { CoreEventMap, ScopeEvent } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import type { CallLimit } from '../rate-limit/call-limit.ts'
import type { LimitBuckets } from '../rate-limit/limit-buckets.ts'
import { RetryBudget } from '../retry/retry-budget.ts'
import { defaultRetryBudgetOptions } from '../retry/retry-options.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import type { HostSnapshot } from './fetch-snapshot.ts'
import { HostCircuits } from './host-circuits.ts'
import { type Route, Routes } from './route.ts'
import type { SharedCircuits } from './shared-circuits.ts'

/** The state of the policies for one host and connection. What is off is absent, and all of it where there is no host. */
export class HostScope {
  readonly host: string
  readonly #buckets: LimitBuckets | undefined
  /** Where all calls to the host are under the same. */
  readonly #limits: readonly CallLimit[] | undefined
  readonly #routes: Routes
  /** What every event about this host carries. */
  readonly facts: ScopeEvent
  readonly bulkhead: Bulkhead | undefined
  readonly circuits: HostCircuits | undefined
  readonly budget: RetryBudget | undefined

  constructor(
    host: string,
    options: ResolvedFetchOptions,
    buckets: LimitBuckets | undefined,
    events: Emitter<CoreEventMap>,
    sharedCircuits?: SharedCircuits,
  ) {
    const { connector, connection, bulkhead, breaker, retry, hedge } = options
    this.host = host
    this.facts = Object.freeze({
      host,
      ...(connector === undefined ? {} : { integration: connector.id }),
      ...(connection === undefined ? {} : { connection }),
    })
    this.#buckets = buckets
    this.#routes = new Routes(host, buckets, options)
    // `data:`, `blob:` and what is no URL reach no host: there is nobody to spare.
    if (host === '') {
      this.#limits = []
      return
    }
    const { common } = this.#routes
    const isCommon = common !== undefined && buckets?.asksForCosts !== true
    this.#limits = buckets === undefined ? [] : isCommon ? buckets.limitsAt(common.places, '', '') : undefined
    if (bulkhead !== false) this.bulkhead = new Bulkhead(bulkhead, options.clock)
    // Without retries the hedges still need a budget.
    const budget = retry === false ? hedge !== false && defaultRetryBudgetOptions : retry.budget
    if (budget !== false) this.budget = new RetryBudget(budget)
    if (breaker !== false)
      this.circuits = new HostCircuits(this.facts, breaker, options.clock, options.random, events, sharedCircuits)
  }

  /** What the connector says of a request. */
  routeOf(method: string, url: string): Route {
    return this.#routes.of(method, url)
  }

  /** The limits that a call is under, the narrowest first; none when limits are off. */
  limitsOf({ places }: Route, method: string, url: string): readonly CallLimit[] {
    return this.#limits ?? this.#buckets?.limitsAt(places, method, url) ?? []
  }

  /** Whether something would go wrong if it were forgotten: calls are counted by the bulkhead, or held back. */
  isNeeded(nowMs: number): boolean {
    const { bulkhead, circuits } = this
    return (bulkhead !== undefined && bulkhead.active > 0) || circuits?.isHolding(nowMs) === true
  }

  snapshot(nowMs: number, wallMs: number): HostSnapshot {
    const { bulkhead, circuits, budget } = this
    return {
      host: this.host,
      ...(this.#buckets === undefined ? {} : { limitPausedMs: this.#limitPausedMs(nowMs) }),
      ...(bulkhead === undefined ? {} : { active: bulkhead.active, queued: bulkhead.queued }),
      ...(circuits === undefined ? {} : { circuits: circuits.snapshot(nowMs, wallMs) }),
      ...(budget === undefined ? {} : { retryTokens: budget.tokens }),
    }
  }

  #limitPausedMs(nowMs: number): number {
    if (this.#limits === undefined) return this.#buckets?.pausedMs(this.host, nowMs) ?? 0
    return Math.max(0, ...this.#limits.map(({ bucket }) => bucket.pausedMs(nowMs)))
  }
}
