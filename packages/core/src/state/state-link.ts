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
// How much two clocks may differ in speed.
const DRIFT = 0.0005

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
  readonly #exchange: Exchange
  readonly #listener: StateListener
  #isDown = false
  #retryAtMs = -Infinity
  #isReported = false
  readonly #reportedAtMs = new Map<ErrorCode, number>()
  // The store's time minus ours is at least the first and at most the second.
  #leastOffsetMs = -Infinity
  #mostOffsetMs = Infinity
  #timedAtMs = 0

  constructor(store: StateStore, clock: Clock, random: Random, listener: StateListener) {
    this.clock = clock
    this.random = random
    this.#listener = listener
    this.#exchange = {
      get: (key) => this.#answered((signal) => store.get(key, signal)),
      compareAndSet: (key, change) => this.#answered((signal) => store.compareAndSet(key, change, signal)),
      pause: (ms) => clock.sleep(ms),
    }
  }

  /** Whether the store failed when it was asked last. */
  get isDown(): boolean {
    return this.#isDown
  }

  /** The time on the store's clock, or a little later. Known from the first answer on. */
  toStoreMs(monotonicMs: number): number {
    return monotonicMs + this.#mostOffsetMs
  }

  /** The time on the store's clock, or a little earlier. */
  toEarliestStoreMs(monotonicMs: number): number {
    return monotonicMs + this.#leastOffsetMs
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
    try {
      await work(this.#exchange)
      this.#succeeded()
      return true
    } catch (error) {
      const { code, reason } = classifyFailure(error)
      this.#isDown = true
      this.#retryAtMs = clock.monotonicMs() + RETRY_MS
      if (this.report(reason === undefined ? { code } : { code, reason })) this.#isReported = true
      return false
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

  async #answered<Reply extends StateRead>(ask: (signal: AbortSignal) => Promise<Reply>): Promise<Reply> {
    const sentMs = this.clock.monotonicMs()
    const reply = await this.#inTime(ask)
    if (!isReply(reply)) throw malformedReply()
    this.#setTime(reply.nowMs, sentMs, this.clock.monotonicMs())
    return reply
  }

  /** Each answer narrows down where the store's clock is; the quickest one most. */
  #setTime(storeMs: number, sentMs: number, receivedMs: number): void {
    const [leastMs, mostMs] = [storeMs - receivedMs, storeMs - sentMs]
    const driftMs = (receivedMs - this.#timedAtMs) * DRIFT
    this.#leastOffsetMs = Math.max(leastMs, this.#leastOffsetMs - driftMs)
    this.#mostOffsetMs = Math.min(mostMs, this.#mostOffsetMs + driftMs)
    this.#timedAtMs = receivedMs
    if (this.#leastOffsetMs <= this.#mostOffsetMs) return
    // It was set.
    this.#leastOffsetMs = leastMs
    this.#mostOffsetMs = mostMs
  }

  async #inTime<Reply>(ask: (signal: AbortSignal) => Promise<Reply>): Promise<Reply> {
    const controller = new AbortController()
    let cancelTimer: () => void = () => {}
    const late = new Promise<never>((_resolve, reject) => {
      const giveUp = (): void => {
        const error = timeoutError()
        reject(error)
        controller.abort(error)
      }
      // Where this process itself was busy, the answer has come already: it is read before the next timer.
      cancelTimer = this.clock.schedule(STORE_TIMEOUT_MS, () => {
        cancelTimer = this.clock.schedule(0, giveUp)
      })
    })
    try {
      return await Promise.race([ask(controller.signal), late])
    } finally {
      cancelTimer()
    }
  }
}

/** The store within one exchange. */
export interface Exchange {
  readonly get: (key: string) => Promise<StateRead>
  readonly compareAndSet: (key: string, change: StateChange) => Promise<StateWrite>
  readonly pause: (ms: number) => Promise<void>
}

/** Somebody else was faster, more often than is bearable. */
export function conflictError(): IntegrationError {
  return new IntegrationError({
    code: 'conflict',
    reason: 'state_conflicts',
    message: 'The value changed at each attempt.',
  })
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
