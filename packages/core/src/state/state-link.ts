import { classifyFailure } from '../errors/classify-failure.ts'
import type { ErrorCode } from '../errors/codes.ts'
import { IntegrationError } from '../errors/integration-error.ts'
import type { Random } from '../random/random.ts'
import type { Clock } from '../time/clock.ts'
import type { StateChange, StateRead, StateStore, StateWrite } from './state-store.ts'

/** The longest time that anybody waits for the store, in milliseconds. */
export const STORE_TIMEOUT_MS = 250
// A store that failed is left alone for so long.
const RETRY_MS = 1_000
// A store that comes and goes is reported no more often.
const REPORT_EVERY_MS = 10_000

/** Why the store was of no use. */
export interface StateFailure {
  readonly code: ErrorCode
  readonly reason?: string
}

/** Told about the health of the store. */
export interface StateListener {
  readonly failed: (failure: StateFailure) => void
  readonly recovered: () => void
}

/**
 * What goes between this process and its store. The store may be down, slow or full of nonsense: nothing here throws, waits
 * for long, or asks a store that has just failed.
 */
export class StateLink {
  readonly clock: Clock
  readonly random: Random
  readonly #store: StateStore
  readonly #listener: StateListener
  #isDown = false
  #retryAtMs = -Infinity
  #isReported = false
  readonly #reportedAtMs = new Map<ErrorCode, number>()
  // The store's time minus ours is at least the first and at most the second.
  #leastOffsetMs = 0
  #mostOffsetMs = 0

  constructor(store: StateStore, clock: Clock, random: Random, listener: StateListener) {
    this.#store = store
    this.clock = clock
    this.random = random
    this.#listener = listener
  }

  /** Whether the store failed when it was asked last. */
  get isDown(): boolean {
    return this.#isDown
  }

  /** The time on the store's clock, or a little later. */
  toStoreMs(monotonicMs: number): number {
    return monotonicMs + this.#mostOffsetMs
  }

  /** The monotonic time here, or a little later. */
  toLocalMs(storeMs: number): number {
    return storeMs - this.#leastOffsetMs
  }

  /** Does something with the store. `false`: it failed, or has just failed and was not asked. */
  async exchange(work: (exchange: Exchange) => Promise<void>): Promise<boolean> {
    const { clock } = this
    const startedMs = clock.monotonicMs()
    if (this.#isDown && startedMs < this.#retryAtMs) return false
    // One at a time tries whether a store is back.
    this.#retryAtMs = startedMs + RETRY_MS
    const controller = new AbortController()
    let cancelTimer: () => void = () => {}
    const late = new Promise<never>((_resolve, reject) => {
      cancelTimer = clock.schedule(STORE_TIMEOUT_MS, () => {
        const error = timeoutError()
        reject(error)
        controller.abort(error)
      })
    })
    try {
      await Promise.race([work(this.#exchangeWith(controller.signal)), late])
      this.#succeeded()
      return true
    } catch (error) {
      const { code, reason } = classifyFailure(error)
      // Somebody else was faster, again and again: the store is well.
      if (reason !== CONFLICTS) this.#isDown = true
      this.#retryAtMs = clock.monotonicMs() + RETRY_MS
      if (this.report(reason === undefined ? { code } : { code, reason })) this.#isReported = true
      return false
    } finally {
      cancelTimer()
    }
  }

  /** Reports what went wrong, unless that was done a short time ago. Returns whether it did. */
  report(failure: StateFailure): boolean {
    const nowMs = this.clock.monotonicMs()
    if (nowMs - (this.#reportedAtMs.get(failure.code) ?? -Infinity) < REPORT_EVERY_MS) return false
    this.#reportedAtMs.set(failure.code, nowMs)
    this.#listener.failed(failure)
    return true
  }

  #succeeded(): void {
    this.#isDown = false
    if (!this.#isReported) return
    this.#isReported = false
    this.#listener.recovered()
  }

  #exchangeWith(signal: AbortSignal): Exchange {
    const checked = async <Reply extends StateRead>(ask: () => Promise<Reply>): Promise<Reply> => {
      const sentMs = this.clock.monotonicMs()
      const reply = await ask()
      // Nobody waits any more for what comes too late, and the next exchange may have begun.
      signal.throwIfAborted()
      if (!isReply(reply)) throw malformedReply()
      this.#leastOffsetMs = reply.nowMs - this.clock.monotonicMs()
      this.#mostOffsetMs = reply.nowMs - sentMs
      return reply
    }
    return {
      get: (key) => checked(() => this.#store.get(key, signal)),
      compareAndSet: (key, change) => checked(() => this.#store.compareAndSet(key, change, signal)),
      pause: (ms) => this.clock.sleep(ms, signal),
    }
  }
}

/** The store within one exchange. */
export interface Exchange {
  readonly get: (key: string) => Promise<StateRead>
  readonly compareAndSet: (key: string, change: StateChange) => Promise<StateWrite>
  readonly pause: (ms: number) => Promise<void>
}

const CONFLICTS = 'state_conflicts'

/** Somebody else was faster, more often than is bearable. */
export function conflictError(): IntegrationError {
  return new IntegrationError({ code: 'conflict', reason: CONFLICTS, message: 'The value changed at each attempt.' })
}

function timeoutError(): IntegrationError {
  return new IntegrationError({
    code: 'timeout',
    reason: 'state_timeout',
    message: `The store did not answer within ${STORE_TIMEOUT_MS} ms.`,
  })
}

function malformedReply(): IntegrationError {
  return new IntegrationError({
    code: 'schema_mismatch',
    reason: 'state_reply',
    message: 'The store answered something that its contract does not know.',
  })
}

function isReply(reply: StateRead | undefined | null): boolean {
  if (typeof reply !== 'object' || reply === null || !Number.isFinite(reply.nowMs)) return false
  const { entry } = reply
  return entry === undefined || (typeof entry?.value === 'string' && typeof entry.version === 'string')
}
