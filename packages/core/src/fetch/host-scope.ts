import { Bulkhead } from '../bulkhead/bulkhead.ts'
import type { CoreEventMap, ScopeEvent } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import type { CallLimit } from '../rate-limit/call-limit.ts'
import type { LimitBuckets } from '../rate-limit/limit-buckets.ts'
import { RetryBudget } from '../retry/retry-budget.ts'
import { defaultRetryBudgetOptions, type ResolvedRetryBudgetOptions } from '../retry/retry-options.ts'
import type { Circuit, CircuitSettings } from './circuit.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import type { HostSnapshot } from './fetch-snapshot.ts'
import { HostCircuits } from './host-circuits.ts'
import { commonRouteOf, type Route, Routes } from './route.ts'
import type { SharedCircuits } from './shared-circuits.ts'

/** What all hosts of a function have in common, so that each of them costs little. */
export interface ScopeSettings {
  readonly options: ResolvedFetchOptions
  readonly facts: Omit<ScopeEvent, 'host'>
  /** Absent when nothing is limited. */
  readonly buckets: LimitBuckets | undefined
  /** Absent when the breaker is off. */
  readonly circuits: CircuitSettings | undefined
  readonly budget: ResolvedRetryBudgetOptions | false
  /** Absent where the connector tells paths apart. */
  readonly commonRoute: Route | undefined
}

export function scopeSettingsOf(
  options: ResolvedFetchOptions,
  buckets: LimitBuckets | undefined,
  events: Emitter<CoreEventMap>,
): ScopeSettings {
  const { connector, connection, breaker, retry, hedge, clock, random } = options
  return {
    options,
    facts: {
      ...(connector === undefined ? {} : { integration: connector.id }),
      ...(connection === undefined ? {} : { connection }),
    },
    buckets,
    circuits: breaker === false ? undefined : { options: breaker, clock, random, events },
    // Without retries the hedges still need a budget.
    budget: retry === false ? hedge !== false && defaultRetryBudgetOptions : retry.budget,
    commonRoute: commonRouteOf(options),
  }
}

const noLimits: readonly CallLimit[] = Object.freeze([])

/** The state of the policies for one host and connection. What is off is absent, and all of it where there is no host. */
export class HostScope {
  readonly host: string
  readonly #settings: ScopeSettings
  /** Of all calls, where they have the same. */
  readonly #route: Route | undefined
  /** Absent where all calls have the same. */
  readonly #routes: Routes | undefined
  /** Where all calls to the host are under the same. */
  readonly #limits: readonly CallLimit[] | undefined
  /** What every event about this host carries. */
  readonly facts: ScopeEvent
  readonly bulkhead: Bulkhead | undefined
  readonly circuits: HostCircuits | undefined
  /** That of all calls, where no call belongs to a group. */
  readonly #circuit: Circuit | undefined
  readonly budget: RetryBudget | undefined

  constructor(host: string, settings: ScopeSettings, sharedCircuits?: SharedCircuits) {
    const { options, buckets, circuits, budget, commonRoute } = settings
    this.host = host
    this.#settings = settings
    this.facts = Object.freeze({ host, ...settings.facts })
    this.#route = commonRoute
    if (commonRoute === undefined) this.#routes = new Routes(host, buckets, options)
    // `data:`, `blob:` and what is no URL reach no host: there is nobody to spare.
    if (host === '' || buckets === undefined) {
      this.#limits = noLimits
    } else if (commonRoute !== undefined) {
      const places = buckets.placesOf(host, '', '')
      if (buckets.asksForCosts) this.#route = { ...commonRoute, places }
      else this.#limits = buckets.limitsAt(places, '', '')
    }
    if (host === '') return
    if (options.bulkhead !== false) this.bulkhead = new Bulkhead(options.bulkhead, options.clock)
    if (budget !== false) this.budget = new RetryBudget(budget)
    if (circuits === undefined) return
    this.circuits = new HostCircuits(this.facts, circuits, sharedCircuits)
    if (commonRoute !== undefined && circuits.options.groupOf === undefined) this.#circuit = this.circuits.common
  }

  /** What the connector says of a request. */
  routeOf(method: string, url: string): Route {
    return this.#route ?? (this.#routes as Routes).of(method, url)
  }

  /** The limits that a call is under, the narrowest first; none when limits are off. */
  limitsOf({ places }: Route, method: string, url: string): readonly CallLimit[] {
    return this.#limits ?? this.#settings.buckets?.limitsAt(places, method, url) ?? noLimits
  }

  /** The circuit of a call; absent when the breaker is off. */
  circuitOf({ group }: Route, method: string, url: string): Circuit | undefined {
    return this.#circuit ?? this.circuits?.of(method, url, group)
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
      ...(this.#settings.buckets === undefined ? {} : { limitPausedMs: this.#limitPausedMs(nowMs) }),
      ...(bulkhead === undefined ? {} : { active: bulkhead.active, queued: bulkhead.queued }),
      ...(circuits === undefined ? {} : { circuits: circuits.snapshot(nowMs, wallMs) }),
      ...(budget === undefined ? {} : { retryTokens: budget.tokens }),
    }
  }

  #limitPausedMs(nowMs: number): number {
    if (this.#limits === undefined) return this.#settings.buckets?.pausedMs(this.host, nowMs) ?? 0
    return Math.max(0, ...this.#limits.map(({ bucket }) => bucket.pausedMs(nowMs)))
  }
}
