import type { ResolvedCircuitBreakerOptions } from '../circuit-breaker/circuit-breaker-options.ts'
import type { CoreEventMap, ScopeEvent } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { LruMap } from '../policy/lru-map.ts'
import type { Random } from '../random/random.ts'
import type { Clock } from '../time/clock.ts'
import { Circuit } from './circuit.ts'
import type { CircuitSnapshot } from './fetch-snapshot.ts'
import type { SharedCircuits } from './shared-circuits.ts'

const MAX_GROUPS = 100

/** The circuits of one host: one for each group of endpoints that was called, and one for what belongs to no group. */
export class HostCircuits {
  readonly #create: (group: string | undefined) => Circuit
  readonly #groupOf: ResolvedCircuitBreakerOptions['groupOf']
  readonly #common: Circuit
  readonly #clock: Clock
  /** What other processes know of them; absent when no store was given. */
  readonly shared: SharedCircuits | undefined
  #groups: LruMap<Circuit> | undefined
  #isIsolated = false

  constructor(
    facts: ScopeEvent,
    options: ResolvedCircuitBreakerOptions,
    clock: Clock,
    random: Random,
    events: Emitter<CoreEventMap>,
    shared?: SharedCircuits,
  ) {
    this.#clock = clock
    this.shared = shared
    this.#create = (group) => {
      const circuit = new Circuit(group === undefined ? facts : { ...facts, group }, options, random, events, shared)
      if (this.#isIsolated) circuit.breaker.isolate()
      return circuit
    }
    this.#groupOf = options.groupOf
    this.#common = this.#create(undefined)
  }

  /** The circuit of a request. The 100 groups used last are kept, those that hold calls back before the others. */
  of(method: string, url: string, endpointGroup: string | undefined): Circuit {
    return this.#circuitOf(this.#groupOf === undefined ? endpointGroup : this.#groupOf({ method, url }))
  }

  /** Refuses every call to the host until `close`. */
  isolate(): void {
    this.#isIsolated = true
    for (const circuit of this.#all()) circuit.breaker.isolate()
  }

  close(): void {
    this.#isIsolated = false
    for (const circuit of this.#all()) circuit.breaker.close()
  }

  /** Whether one of them holds calls back. */
  isHolding(nowMs: number): boolean {
    return this.#all().some(({ breaker }) => breaker.isHolding(nowMs))
  }

  /** To be called when nobody finds them any more. */
  forget(): void {
    for (const circuit of this.#all()) circuit.forget()
  }

  snapshot(nowMs: number, wallMs: number): readonly CircuitSnapshot[] {
    return this.#all().map((circuit) => circuit.snapshot(nowMs, wallMs))
  }

  /** Takes over what an earlier snapshot said. */
  restore(snapshots: readonly CircuitSnapshot[], nowMs: number, wallMs: number): void {
    for (const snapshot of snapshots) this.#circuitOf(snapshot.group).restore(snapshot, nowMs, wallMs)
  }

  #circuitOf(group: string | undefined): Circuit {
    if (group === undefined || group === '') return this.#common
    this.#groups ??= new LruMap(MAX_GROUPS, {
      isNeeded: ({ breaker }) => breaker.isHolding(this.#clock.monotonicMs()),
      onEvicted: (circuit) => circuit.forget(),
    })
    return this.#groups.getOrCreate(group, this.#create)
  }

  #all(): readonly Circuit[] {
    return [this.#common, ...(this.#groups?.values() ?? [])]
  }
}
