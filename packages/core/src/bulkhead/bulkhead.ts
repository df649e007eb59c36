import type { Place } from '../policy/place.ts'
import { WaitingLine } from '../policy/waiting-line.ts'
import type { Clock } from '../time/clock.ts'
import type { ResolvedBulkheadOptions } from './bulkhead-options.ts'

/** What came of waiting for a slot. */
export type QueueResult = 'acquired' | 'timed_out'

interface Waiter {
  readonly place: Place
  readonly acquire: () => void
}

/** Counts the attempts in flight to one host and queues those above the limit, the most urgent and earliest call first. */
export class Bulkhead {
  readonly #options: ResolvedBulkheadOptions
  readonly #clock: Clock
  // Most hosts never have a queue.
  #queue: WaitingLine<Waiter> | undefined
  #active = 0

  constructor(options: ResolvedBulkheadOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  get active(): number {
    return this.#active
  }

  get queued(): number {
    return this.#queue?.size ?? 0
  }

  get isQueueFull(): boolean {
    return this.queued >= this.#options.maxQueue
  }

  /** Takes a free slot. Every slot taken is given back with `release`. */
  tryAcquire(): boolean {
    if (this.#active >= this.#options.maxConcurrent) return false
    this.#active++
    return true
  }

  /**
   * Waits for a slot, at most `waitMs` milliseconds.
   *
   * @throws the signal's reason, untouched, when it aborts first.
   */
  acquire(place: Place, waitMs: number, signal: AbortSignal | undefined): Promise<QueueResult> {
    const queue = (this.#queue ??= new WaitingLine())
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        queue.remove(waiter)
        cancelTimer?.()
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = (): void => {
        leave()
        reject(signal?.reason)
      }
      const onTimeout = (): void => {
        leave()
        resolve('timed_out')
      }
      const acquire = (): void => {
        leave()
        resolve('acquired')
      }
      const waiter: Waiter = { place, acquire }
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const cancelTimer = waitMs === Infinity ? undefined : this.#clock.schedule(waitMs, onTimeout)
      signal?.addEventListener('abort', onAbort, { once: true })
      queue.add(waiter)
    })
  }

  /** Gives a slot back: to the first in the queue, who takes it over, or to nobody. */
  release(): void {
    const next = this.#queue?.first
    if (next === undefined) this.#active--
    else next.acquire()
  }
}
