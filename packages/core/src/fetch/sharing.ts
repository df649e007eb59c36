import type { CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { stateKey } from '../state/state-key.ts'
import type { SharedRecord } from '../state/shared-record.ts'
import { StateLink, STORE_TIMEOUT_MS } from '../state/state-link.ts'
import type { StateStore } from '../state/state-store.ts'
import type { Clock } from '../time/clock.ts'
import type { Call } from './call.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import { SharedCircuits } from './shared-circuits.ts'

// Who makes calls all the time asks so often for news, and no call waits for them.
const REFRESH_MS = 250
// A call that would decide on older knowledge than this waits for news. What one process found out holds for all after it.
const STALE_MS = 1_000
// A store that hangs leaves a call time enough to be sent.
const LARGEST_PART = 1 / 4

/** What one function made by `createFetch` shares with those of other processes. */
export class Sharing {
  readonly link: StateLink
  readonly #clock: Clock
  readonly #owner: readonly string[]

  constructor(store: StateStore, options: ResolvedFetchOptions, events: Emitter<CoreEventMap>) {
    const { clock, random, connector, connection } = options
    const facts = {
      ...(connector === undefined ? {} : { integration: connector.id }),
      ...(connection === undefined ? {} : { connection }),
    }
    this.#clock = clock
    this.#owner = [connector?.id ?? '', connection ?? '']
    this.link = new StateLink(store, clock, random, {
      failed: (failure) => events.emit('state:failed', { ...facts, ...failure }),
      recovered: () => events.emit('state:recovered', facts),
    })
  }

  circuitsOf(host: string): SharedCircuits {
    return new SharedCircuits(this.link, stateKey('circuits', ...this.#owner, host))
  }

  /** News for a call that it has to wait for; `undefined` when what is known is enough, or the store fails. */
  news(call: Call, nowMs: number): Promise<void> | undefined {
    const circuits = call.scope.circuits?.shared?.record
    let news = circuits && this.#newsOf(circuits, () => circuits.sync(), nowMs)
    for (const { bucket, cost } of call.limits) {
      const { shared } = bucket
      if (shared === undefined) continue
      const units = bucket.unitsOf(cost)
      const hear = (): Promise<void> => shared.hear(units)
      const one = shared.isShort(units, nowMs) ? shared.ask(units) : this.#newsOf(shared.record, hear, nowMs)
      if (one !== undefined) news = news === undefined ? one : Promise.all([news, one]).then(() => {})
    }
    return news === undefined || this.link.isDown ? undefined : this.#waitFor(news, call, nowMs)
  }

  /** The right to probe a circuit whose break is over, where the call needs it. */
  claimProbes(call: Call, nowMs: number): Promise<void> | undefined {
    const shared = call.circuit?.shared
    return shared?.mustClaim(nowMs) === true ? this.#waitFor(shared.claim(), call, nowMs) : undefined
  }

  /** What is too old is asked for, and what is much too old is waited for: with `hear`. */
  #newsOf(record: Aging, hear: () => Promise<void>, nowMs: number): Promise<void> | undefined {
    const ageMs = record.ageMs(nowMs)
    if (ageMs < REFRESH_MS) return undefined
    if (ageMs >= STALE_MS) return hear()
    if (record.running === undefined) void record.sync()
    return undefined
  }

  /** Follows the store for as long as the call may wait for it. */
  #waitFor(work: Promise<void>, { callerSignal, deadlineAtMs }: Call, nowMs: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        cancelTimer()
        callerSignal?.removeEventListener('abort', settle)
        resolve()
      }
      const longestMs = Math.min(STORE_TIMEOUT_MS, (deadlineAtMs - nowMs) * LARGEST_PART)
      const cancelTimer = this.#clock.schedule(longestMs, settle)
      callerSignal?.addEventListener('abort', settle, { once: true })
      if (callerSignal?.aborted) settle()
      else void work.then(settle)
    })
  }
}

/** What a process knows of the store. */
type Aging = Pick<SharedRecord<unknown>, 'ageMs' | 'running' | 'sync'>
