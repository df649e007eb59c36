import type { ProbeTally } from '../circuit-breaker/breaker-state.ts'
import type { CircuitBreaker, OpenReason } from '../circuit-breaker/circuit-breaker.ts'
import type { ErrorCode } from '../errors/codes.ts'
import type { StateLink } from '../state/state-link.ts'

/** A circuit as it is stored. A state is known by `changedAt`, which rises with each change. */
export interface StoredCircuit extends ProbeTally {
  /** `half_open`: one process has the probes for itself. */
  readonly state: 'open' | 'half_open' | 'closed'
  readonly changedAt: number
  /** On the store's clock: the end of the break; of the time that a process has for its probes; 0 when it is closed. */
  readonly until: number
  readonly reopened: number
  readonly reason: OpenReason
  /** The failure that opened it, where it was one. */
  readonly code?: ErrorCode
}

/** The circuit of this process. */
export interface LocalCircuit {
  readonly breaker: CircuitBreaker
  /** Why it opened last. */
  readonly openedBy: Pick<StoredCircuit, 'reason' | 'code'>
  /** Takes over what other processes found out. */
  adopt(stored: StoredCircuit, remainingMs: number, nowMs: number): void
}

/** What a shared circuit needs of those of its host. */
export interface SharedCircuitOptions {
  /** How long a process has for its probes. */
  readonly probeMs: number
  /** Brings what is stored and what is known here together. */
  readonly sync: () => Promise<void>
  /** Told when nobody finds it any more. */
  readonly detached: () => void
}

/** What should be stored of a circuit, and how this process takes it over. */
export interface ReconciledCircuit {
  /** Absent: what is stored stays. */
  readonly next?: StoredCircuit
  readonly commit: () => void
}

/**
 * Keeps the circuit of this process and that of all in step. Only changes of state are shared, not the calls that led to them:
 * who sees a host fail often enough opens the circuit for everybody. When the break is over, one process after the other has
 * the probes for itself, so that there are no more of them than one process would send.
 */
export class SharedCircuit {
  readonly #link: StateLink
  readonly #circuit: LocalCircuit
  readonly #probeMs: number
  readonly #sync: () => Promise<void>
  readonly #detached: () => void
  /** `changedAt` of the state that this process has taken over, or has stored. */
  #seen = 0
  #changes = 0
  #storedChanges = 0
  #claiming: Promise<void> | undefined
  #hasClaimed = false
  #isAdopting = false

  constructor(link: StateLink, circuit: LocalCircuit, { probeMs, sync, detached }: SharedCircuitOptions) {
    this.#link = link
    this.#circuit = circuit
    this.#probeMs = probeMs
    this.#sync = sync
    this.#detached = detached
  }

  /** To be called when the circuit changed by what happened here. */
  changed(): void {
    if (this.#isAdopting) return
    this.#changes++
    void this.#sync()
  }

  /** To be called after a probe: what it brought is for the next process, when it did not decide. */
  probed(nowMs: number): void {
    if (this.#circuit.breaker.stopProbing(nowMs)) this.changed()
  }

  /** Whether the next call would be a probe, for which the probes have to be claimed first. */
  mustClaim(nowMs: number): boolean {
    const { breaker } = this.#circuit
    return breaker.state === 'open' && breaker.retryAfterMs(nowMs) === 0 && !this.#link.isDown
  }

  /** Claims the probes. When another process has them, the circuit is open for its time; without the store it stays as it is. */
  claim(): Promise<void> {
    this.#claiming ??= this.#claimProbes().finally(() => {
      this.#claiming = undefined
    })
    return this.#claiming
  }

  /** To be called when nobody finds the circuit any more: what becomes of it here does not matter to others. */
  detach(): void {
    this.#isAdopting = true
    this.#detached()
  }

  /** What should become of the circuit, given what is stored of it. */
  reconcile(stored: StoredCircuit | undefined, storeMs: number): ReconciledCircuit {
    const { breaker } = this.#circuit
    if (breaker.state === 'isolated') return nothing
    const isNews = stored !== undefined && stored.changedAt > this.#seen
    if (this.#changes > this.#storedChanges) return this.#toStore(isNews ? stored : undefined, storeMs)
    if (isNews) return this.#adopt(stored)
    const nowMs = this.#link.clock.monotonicMs()
    if (this.#claiming !== undefined && this.mustClaim(nowMs)) return this.#toClaim(stored, storeMs)
    // The store has forgotten it.
    if (stored === undefined && breaker.state === 'open' && breaker.retryAfterMs(nowMs) > 0)
      return this.#toStore(undefined, storeMs)
    return nothing
  }

  async #claimProbes(): Promise<void> {
    this.#hasClaimed = false
    // The first may only have stored what had changed before.
    for (let tries = 0; tries < 2 && !this.#hasClaimed && this.mustClaim(this.#link.clock.monotonicMs()); tries++)
      await this.#sync()
  }

  /** @param rival - What others have stored since. */
  #toStore(rival: StoredCircuit | undefined, storeMs: number): ReconciledCircuit {
    const changes = this.#changes
    const own = this.#own(rival, storeMs)
    // Who found the host well had not seen that others found it down.
    if (rival !== undefined && rival.state !== 'closed' && own.state === 'closed') {
      const { commit } = this.#adopt(rival)
      return {
        commit: () => {
          this.#storedChanges = changes
          commit()
        },
      }
    }
    const next =
      rival?.state === 'open'
        ? { ...own, until: Math.max(own.until, rival.until), reopened: Math.max(own.reopened, rival.reopened) }
        : own
    return {
      next,
      commit: () => {
        this.#storedChanges = changes
        this.#seen = next.changedAt
      },
    }
  }

  #toClaim(stored: StoredCircuit | undefined, storeMs: number): ReconciledCircuit {
    const own = this.#own(stored, storeMs)
    return {
      next: { ...own, state: 'half_open', until: storeMs + this.#probeMs },
      commit: () => {
        this.#seen = own.changedAt
        this.#hasClaimed = true
      },
    }
  }

  #adopt(stored: StoredCircuit): ReconciledCircuit {
    const changes = this.#changes
    return {
      commit: () => {
        // What happened here meanwhile comes first; it is stored next.
        if (this.#changes !== changes) return
        this.#seen = stored.changedAt
        this.#isAdopting = true
        const nowMs = this.#link.clock.monotonicMs()
        this.#circuit.adopt(stored, Math.max(0, this.#link.toLocalMs(stored.until) - nowMs), nowMs)
        this.#isAdopting = false
      },
    }
  }

  /** The circuit of this process, as it would be stored. */
  #own(rival: StoredCircuit | undefined, storeMs: number): StoredCircuit {
    const nowMs = this.#link.clock.monotonicMs()
    const { state, remainingMs, reopened, probed } = this.#circuit.breaker.toRecord(nowMs)
    const { reason, code } = this.#circuit.openedBy
    const isOpen = state === 'open' || state === 'half_open'
    return {
      state: isOpen ? 'open' : 'closed',
      changedAt: Math.max(Math.ceil(storeMs), this.#seen + 1, (rival?.changedAt ?? 0) + 1),
      until: isOpen ? this.#link.toStoreMs(nowMs + remainingMs) : 0,
      reopened,
      reason,
      successes: probed?.successes ?? 0,
      failures: probed?.failures ?? 0,
      ...(code === undefined ? {} : { code }),
    }
  }
}

const nothing: ReconciledCircuit = { commit: () => {} }
