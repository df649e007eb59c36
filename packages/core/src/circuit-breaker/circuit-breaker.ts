// oxlint-disable-next-line no-restricted-imports -- this is the file in front of opossum
import Opossum from 'opossum'
import type { ResolvedCircuitBreakerOptions } from './circuit-breaker-options.ts'

const WINDOW_BUCKETS = 10

/** What became of a call, as far as the health of the other side goes. `neutral` (4xx, 429, an abort) says nothing of it. */
export type CallVerdict = 'success' | 'failure' | 'neutral'

/** The leave to send. It belongs to one call and is given back with `record`. */
export interface CircuitPermit {
  /** Whether the call decides if the circuit closes. */
  readonly probe: boolean
}

export type CircuitState = 'closed' | 'open' | 'half_open'

/** Told when the state changed, after the change. */
export interface CircuitListener {
  readonly opened: () => void
  readonly halfOpened: () => void
  readonly closed: () => void
}

const callPermit: CircuitPermit = Object.freeze({ probe: false })
const failedCall: Error = Object.freeze(new Error('The call failed.'))

/**
 * A circuit breaker whose window, threshold and states are opossum's. All times are monotonic milliseconds.
 *
 * - closed: calls pass. It opens when a completed call failed and the window holds `minimumCalls` completed calls of which
 *   at least `failureRatio` failed.
 * - open: calls are refused. The first one after `breakMs` finds it half-open.
 * - half_open: one call passes, the probe; the others are refused. Success closes with an empty window, failure opens.
 *   A neutral result leaves it half-open for the next call. A probe that has not come back after `breakMs` loses its lease.
 *
 * opossum is fed with results when calls are complete instead of being wrapped around them. So calls in flight do not
 * thin out its failure rate, neutral results do not count at all (with `errorFilter` they would close a half-open circuit),
 * and a probe that hangs does not hold it. It runs without timers: the window is rotated by our clock, its reset timer is
 * taken off, and a half-open circuit is a new one restored in that state.
 */
export class CircuitBreaker {
  readonly #options: ResolvedCircuitBreakerOptions
  readonly #listener: CircuitListener
  #circuit: Opossum<[boolean], boolean>
  #rotate: () => void = () => {}
  #rotatedAtMs = 0
  #openedAtMs = 0
  #probe: CircuitPermit | undefined
  #probeSinceMs = 0

  constructor(options: ResolvedCircuitBreakerOptions, listener: CircuitListener) {
    this.#options = options
    this.#listener = listener
    this.#circuit = this.#createCircuit('closed')
  }

  get state(): CircuitState {
    return this.#circuit.opened ? 'open' : this.#circuit.halfOpen ? 'half_open' : 'closed'
  }

  /** Leave to send a call now, or nothing when it is refused. */
  admit(nowMs: number): CircuitPermit | undefined {
    const circuit = this.#circuit
    if (circuit.opened) {
      if (nowMs - this.#openedAtMs < this.#options.breakMs) return undefined
      this.#halfOpen(nowMs)
    } else if (!circuit.halfOpen) {
      return callPermit
    }
    if (this.#probe !== undefined && nowMs - this.#probeSinceMs < this.#options.breakMs) return undefined
    this.#probe = { probe: true }
    this.#probeSinceMs = nowMs
    return this.#probe
  }

  /** How long until another call may be let through, while calls are refused. */
  retryAfterMs(nowMs: number): number {
    const sinceMs = this.#circuit.opened ? this.#openedAtMs : this.#probeSinceMs
    return Math.max(0, sinceMs + this.#options.breakMs - nowMs)
  }

  /** Counts a completed call. What was admitted before the circuit changed its state does not count any more. */
  record(permit: CircuitPermit, verdict: CallVerdict, nowMs: number): void {
    if (permit.probe) {
      if (permit !== this.#probe) return
      this.#probe = undefined
    } else if (!this.#circuit.closed) {
      return
    }
    if (verdict === 'neutral') return
    this.#rotateWindow(nowMs)
    const failed = verdict === 'failure'
    // opossum settles a failure at once, a success in a microtask; until then the place of the probe stays taken.
    if (failed) this.#openedAtMs = nowMs
    else if (permit.probe) this.#probe = permit
    this.#circuit.fire(failed).catch(() => {})
  }

  /** Takes opossum's listeners off. The breaker lets everything pass afterwards. */
  dispose(): void {
    this.#circuit.shutdown()
  }

  #halfOpen(nowMs: number): void {
    this.#circuit.shutdown()
    this.#circuit = this.#createCircuit('half_open')
    this.#rotatedAtMs = nowMs
    this.#probe = undefined
    this.#listener.halfOpened()
  }

  #createCircuit(state: 'closed' | 'half_open'): Opossum<[boolean], boolean> {
    const rotation = {
      listenerCount: () => 0,
      on: (_event: string, rotate: () => void) => {
        this.#rotate = rotate
      },
      removeListener: () => {},
    }
    // opossum writes into its options, so each circuit gets its own; the published types lack `state`.
    const options = {
      timeout: false,
      errorThresholdPercentage: thresholdPercentage(this.#options.failureRatio),
      volumeThreshold: this.#options.minimumCalls,
      rollingCountTimeout: this.#options.windowMs,
      rollingCountBuckets: WINDOW_BUCKETS,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: rotation as unknown as NonNullable<Opossum.Options['rotateBucketController']>,
      ...(state === 'half_open' ? { state: { closed: false, halfOpen: true } } : {}),
    } satisfies Opossum.Options & { state?: object }
    const circuit = new Opossum(settle, options)
    // Its first listener starts a timer of its own that would half-open the circuit; ours is `admit`.
    circuit.removeAllListeners('open')
    circuit.on('open', () => {
      this.#listener.opened()
    })
    circuit.on('close', () => {
      this.#probe = undefined
      this.#listener.closed()
    })
    return circuit
  }

  #rotateWindow(nowMs: number): void {
    const bucketMs = this.#options.windowMs / WINDOW_BUCKETS
    const steps = Math.floor((nowMs - this.#rotatedAtMs) / bucketMs)
    if (steps <= 0) return
    for (let step = Math.min(steps, WINDOW_BUCKETS); step > 0; step--) this.#rotate()
    this.#rotatedAtMs += steps * bucketMs
  }
}

/** opossum opens above its threshold, not at it; a hair less makes it at or above. */
function thresholdPercentage(failureRatio: number): number {
  return failureRatio * 100 - 1e-9
}

// Throwing instead of rejecting makes opossum count the failure, and open, before `fire` returns.
function settle(failed: boolean): Promise<boolean> {
  if (failed) throw failedCall
  return Promise.resolve(true)
}
