import type { Clock } from '../time/clock.ts'

/** What came of waiting. */
export type QueueResult = 'started' | 'refused'

interface Waiter {
  readonly order: number
  /** The time by which it has to start. */
  readonly latestMs: number
  readonly settle: (result: QueueResult) => void
}

/** A place in the queue. */
export interface Ticket {
  /** Settles as the wait does. @throws the signal's reason, untouched, when it aborts first. */
  readonly result: Promise<QueueResult>
  /** Gives the place up, when it is still waited for. Returns whether it was. */
  leave(): boolean
}

/** Those who wait for a limit, by the order of their calls. Who gives up leaves at once. */
export class LimitQueue {
  readonly #clock: Clock
  readonly #left: () => void
  readonly #waiters: Waiter[] = []

  /** @param left - Called when somebody gave up, so that nobody waits for him. */
  constructor(clock: Clock, left: () => void) {
    this.#clock = clock
    this.#left = left
  }

  get size(): number {
    return this.#waiters.length
  }

  /** How many are served before a call with this order. */
  ahead(order: number): number {
    let index = this.#waiters.length
    while (index > 0 && (this.#waiters[index - 1]?.order ?? 0) > order) index--
    return index
  }

  join(order: number, latestMs: number, nowMs: number, signal: AbortSignal | undefined): Ticket {
    let giveUp = (): boolean => false
    const result = new Promise<QueueResult>((resolve, reject) => {
      const leave = (): void => {
        const index = this.#waiters.indexOf(waiter)
        if (index >= 0) this.#waiters.splice(index, 1)
        cancelTimer?.()
        signal?.removeEventListener('abort', onAbort)
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
      const onLate = (): void => {
        settle('refused')
        this.#left()
      }
      const waiter: Waiter = { order, latestMs, settle }
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const cancelTimer = latestMs === Infinity ? undefined : this.#clock.schedule(latestMs - nowMs, onLate)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiters.splice(this.ahead(order), 0, waiter)
      giveUp = () => {
        const isWaiting = this.#waiters.includes(waiter)
        if (isWaiting) onLate()
        return isWaiting
      }
    })
    // It is awaited a little later; an abort before that is no unhandled rejection.
    result.catch(() => {})
    return { result, leave: () => giveUp() }
  }

  /** Lets the first one start. */
  shift(): void {
    this.#waiters[0]?.settle('started')
  }

  /** Refuses everybody whose turn would come too late. */
  refuseLate(startMs: (ahead: number) => number): void {
    let ahead = 0
    const late = this.#waiters.filter(({ latestMs }) => {
      if (startMs(ahead) >= latestMs) return true
      ahead++
      return false
    })
    for (const { settle } of late) settle('refused')
  }
}
