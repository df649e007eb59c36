import { errorCodes } from '../errors/codes.ts'
import { type Reconciled, SharedRecord } from '../state/shared-record.ts'
import type { StateLink } from '../state/state-link.ts'
import { type LocalCircuit, SharedCircuit, type StoredCircuit } from './shared-circuit.ts'

const FORMAT = 1
// What was closed for so long is no news for anybody, and neither is a break that ended so long ago.
const KEPT_MS = 600_000

/** The circuits of a host as they are stored: those that are or were open, by group; the empty name is that of all the rest. */
interface StoredCircuits {
  readonly format: typeof FORMAT
  readonly circuits: Readonly<Record<string, StoredCircuit>>
}

/** What the processes know of the circuits of one host, and what this one adds. */
export class SharedCircuits {
  readonly record: SharedRecord<StoredCircuits>
  readonly #link: StateLink
  readonly #members = new Map<string, SharedCircuit>()
  /** What was stored when this process looked last, for circuits that it makes later. */
  #stored: ReadonlyMap<string, StoredCircuit> = new Map()

  constructor(link: StateLink, key: string) {
    this.#link = link
    this.record = new SharedRecord(link, {
      key,
      parse,
      reconcile: (stored, storeMs) => this.#reconcile(new Map(Object.entries(stored?.circuits ?? {})), storeMs),
    })
  }

  /** Makes a circuit one of them, and gives it the state that is known of it. */
  add(circuit: LocalCircuit, group: string, probeMs: number): SharedCircuit {
    const member = new SharedCircuit(this.#link, circuit, {
      probeMs,
      sync: () => this.record.sync(),
      detached: () => {
        if (this.#members.get(group) === member) this.#members.delete(group)
      },
    })
    this.#members.set(group, member)
    const stored = this.#stored.get(group)
    if (stored !== undefined) member.reconcile(stored, this.#link.toStoreMs(this.#link.clock.monotonicMs())).commit()
    return member
  }

  #reconcile(stored: ReadonlyMap<string, StoredCircuit>, storeMs: number): Reconciled<StoredCircuits> {
    const commits: (() => void)[] = []
    const changed = new Map<string, StoredCircuit>()
    for (const [group, member] of this.#members) {
      const { next, commit } = member.reconcile(stored.get(group), storeMs)
      commits.push(commit)
      if (next !== undefined) changed.set(group, next)
    }
    const circuits = new Map(
      [...stored, ...changed].filter(([, { until, changedAt }]) => Math.max(until, changedAt) > storeMs - KEPT_MS),
    )
    const commit = (): void => {
      this.#stored = circuits
      for (const one of commits) one()
    }
    if (changed.size === 0) return { commit }
    const latestMs = Math.max(storeMs, ...[...circuits.values()].map(({ until }) => until))
    const value = { format: FORMAT, circuits: Object.fromEntries(circuits) } as const
    return { write: { value, ttlMs: latestMs - storeMs + KEPT_MS }, commit }
  }
}

function parse(stored: unknown): StoredCircuits | undefined {
  if (!isObject(stored) || stored['format'] !== FORMAT || !isObject(stored['circuits'])) return undefined
  return Object.values(stored['circuits']).every(isStoredCircuit) ? (stored as unknown as StoredCircuits) : undefined
}

function isStoredCircuit(stored: unknown): boolean {
  if (!isObject(stored)) return false
  const { state, changedAt, until, reopened, successes, failures, reason, code } = stored
  return (
    (state === 'open' || state === 'half_open' || state === 'closed') &&
    Number.isFinite(until) &&
    [changedAt, reopened, successes, failures].every(
      (count) => Number.isSafeInteger(count) && (count as number) >= 0,
    ) &&
    (reason === 'failures' || reason === 'slow_calls') &&
    (code === undefined || (typeof code === 'string' && Object.hasOwn(errorCodes, code)))
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
