import type { ScopeEvent } from '../events/core-event-map.ts'
import { LruMap } from '../policy/lru-map.ts'
import { Circuit, type CircuitSettings } from './circuit.ts'
import type { CircuitSnapshot } from './fetch-snapshot.ts'
import type { SharedCircuits } from './shared-circuits.ts'

const MAX_GROUPS = 100

/** The circuits of one host: one for each group of endpoints that was called, and one for what belongs to no group. */
export class HostCircuits {
  readonly #facts: ScopeEvent
  readonly #settings: CircuitSettings
  /** What other processes know of them; absent when no store was given. */
  readonly shared: SharedCircuits | undefined
  /** That of what belongs to no group. */
  readonly common: Circuit
  #groups: LruMap<Circuit> | undefined
  #isIsolated = false

  constructor(facts: ScopeEvent, settings: CircuitSettings, shared?: SharedCircuits) {
    this.#facts = facts
    this.#settings = settings
    this.shared = shared
    this.common = new Circuit(facts, settings, shared)
  }

  /** The circuit of a request. The 100 groups used last are kept, those that hold calls back before the others. */
  of(method: string, url: string, endpointGroup: string | undefined): Circuit {
    const { groupOf } = this.#settings.options
    return this.#circuitOf(groupOf === undefined ? endpointGroup : groupOf({ method, url }))
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
    if (this.#groups === undefined) return this.common.breaker.isHolding(nowMs)
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
    if (group === undefined || group === '') return this.common
    this.#groups ??= new LruMap(MAX_GROUPS, {
      isNeeded: ({ breaker }) => breaker.isHolding(this.#settings.clock.monotonicMs()),
      onEvicted: (circuit) => circuit.forget(),
    })
    return this.#groups.get(group) ?? this.#groups.getOrCreate(group, () => this.#create(group))
  }

  #create(group: string): Circuit {
    const circuit = new Circuit({ ...this.#facts, group }, this.#settings, this.shared)
    if (this.#isIsolated) circuit.breaker.isolate()
    return circuit
  }

  #all(): readonly Circuit[] {
    return [this.common, ...(this.#groups?.values() ?? [])]
  }
}
