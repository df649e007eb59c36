import type { Clock } from '../time/clock.ts'
import type { ResolvedBulkheadOptions } from './bulkhead-options.ts'

/** What came of waiting for a slot. */
export type QueueResult = 'acquired' | 'timed_out'

/** Counts the attempts in flight to one host and queues those above the limit, first come first served. */
export class Bulkhead {
  readonly #options: ResolvedBulkheadOptions
  readonly #clock: Clock
  // Insertion order is the order of service, and a waiter that gives up is deleted in constant time.
  readonly #queue = new Set<() => void>()
  #active = 0

  constructor(options: ResolvedBulkheadOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  get active(): number {
    return this.#active
  }

  get queued(): number {
    return this.#queue.size
  }

  get isQueueFull(): boolean {
    return this.#queue.size >= this.#options.maxQueue
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
  acquire(waitMs: number, signal: AbortSignal | undefined): Promise<QueueResult> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#queue.delete(onSlot)
        cancelTimer?.()
        signal?.removeEventListener('abort', onAbort)
      }
      const onSlot = (): void => {
        leave()
        resolve('acquired')
      }
      const onAbort = (): void => {
        leave()
        reject(signal?.reason)
      }
      const onTimeout = (): void => {
        leave()
        resolve('timed_out')
      }
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const cancelTimer = waitMs === Infinity ? undefined : this.#clock.schedule(waitMs, onTimeout)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#queue.add(onSlot)
    })
  }

  /** Gives a slot back: to the first in the queue, who takes it over, or to nobody. */
  release(): void {
    for (const onSlot of this.#queue) {
      onSlot()
      return
    }
    this.#active--
  }
}
