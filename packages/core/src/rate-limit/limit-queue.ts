import type { Place } from '../policy/place.ts'
import { WaitingLine } from '../policy/waiting-line.ts'
import type { Clock } from '../time/clock.ts'

/** What came of waiting. */
export type QueueResult = 'started' | 'refused'

/** A call that wants to start. */
export interface Candidate {
  readonly place: Place
  /** What it takes of a limit; `undefined`: nobody said. */
  readonly cost: number | undefined
  /** The time by which it has to start. */
  readonly latestMs: number
}

/** What is ahead of a call: in number, what is known of their costs, and how many are of unknown cost. */
export interface Load {
  readonly calls: number
  readonly units: number
  readonly unpriced: number
}

interface Waiter extends Candidate {
  readonly settle: (result: QueueResult) => void
}

/** A place in the queue. */
export interface Ticket {
  /** Settles as the wait does. @throws the signal's reason, untouched, when it aborts first. */
  readonly result: Promise<QueueResult>
  /** Gives the place up, when it is still waited for. Returns whether it was. */
  leave(): boolean
}

/** Those who wait for a limit, by their places. Who gives up leaves at once. */
export class LimitQueue {
  readonly #clock: Clock
  readonly #left: () => void
  readonly #line = new WaitingLine<Waiter>()
  /** What all of them take. */
  readonly #costs = { units: 0, unpriced: 0 }

  /** @param left - Called when somebody gave up, so that nobody waits for him. */
  constructor(clock: Clock, left: () => void) {
    this.#clock = clock
    this.#left = left
  }

  get size(): number {
    return this.#line.size
  }

  /** Who starts next. */
  get first(): Candidate | undefined {
    return this.#line.first
  }

  /** Everything that waits. */
  get load(): Load {
    return { calls: this.#line.size, ...this.#costs }
  }

  /** What is served before a call with this place. */
  ahead(place: Place): Load {
    const calls = this.#line.ahead(place)
    const waiters = this.#line.values()
    // From the nearer end, so that to come last costs the same however long the queue is.
    if (calls <= waiters.length / 2) {
      const load = { calls, units: 0, unpriced: 0 }
      for (let index = 0; index < calls; index++) add(load, waiters[index]?.cost)
      return load
    }
    const load = { calls, ...this.#costs }
    for (let index = calls; index < waiters.length; index++) add(load, waiters[index]?.cost, -1)
    return load
  }

  join(candidate: Candidate, nowMs: number, signal: AbortSignal | undefined): Ticket {
    const { latestMs } = candidate
    let giveUp = (): boolean => false
    const result = new Promise<QueueResult>((resolve, reject) => {
      const leave = (): boolean => {
        cancelTimer?.()
        signal?.removeEventListener('abort', onAbort)
        return this.#remove(waiter)
      }
      const onAbort = (): void => {
        leave()
        reject(signal?.reason)
        this.#left()
      }
      const settle = (outcome: QueueResult): void => {
        leave()
        resolve(outcome)
      }
      const onLate = (): boolean => {
        const isWaiting = leave()
        resolve('refused')
        if (isWaiting) this.#left()
        return isWaiting
      }
      const waiter: Waiter = { ...candidate, settle }
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const cancelTimer = latestMs === Infinity ? undefined : this.#clock.schedule(latestMs - nowMs, onLate)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#line.add(waiter)
      add(this.#costs, candidate.cost)
      giveUp = onLate
    })
    // It is awaited a little later; an abort before that is no unhandled rejection.
    result.catch(() => {})
    return { result, leave: () => giveUp() }
  }

  /** Lets the first one start, or refuses it. */
  shift(result: QueueResult): void {
    this.#line.first?.settle(result)
  }

  /** Refuses everybody whose turn would come too late. */
  refuseLate(startMs: (ahead: Load, cost: number | undefined) => number): void {
    const ahead = { calls: 0, units: 0, unpriced: 0 }
    const late = this.#line.values().filter(({ cost, latestMs }) => {
      const atMs = startMs(ahead, cost)
      if (atMs >= latestMs || atMs === Infinity) return true
      ahead.calls++
      add(ahead, cost)
      return false
    })
    for (const { settle } of late) settle('refused')
  }

  #remove(waiter: Waiter): boolean {
    if (!this.#line.remove(waiter)) return false
    add(this.#costs, waiter.cost, -1)
    // Fractions do not add up to nothing.
    if (this.#line.size === 0) this.#costs.units = 0
    return true
  }
}

/** Adds what `count` calls take of which each takes `cost`. */
function add(load: { units: number; unpriced: number }, cost: number | undefined, count = 1): void {
  if (cost === undefined) load.unpriced += count
  else load.units += cost * count
}
