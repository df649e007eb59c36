// oxlint-disable-next-line no-restricted-imports -- this is the file in front of opossum
import Opossum from 'opossum'

const BUCKETS = 10

/** What a window watches for. */
export interface CallWindowOptions {
  /** The share of the completed calls that is too much. From 0.01 to 1. */
  readonly badRatio: number
  /** Fewer calls than these are never too much. */
  readonly minimumCalls: number
  /** How far back calls count, in milliseconds, in steps of a tenth. */
  readonly windowMs: number
}

/**
 * The completed calls of the last `windowMs`, and how many of them were bad. All times are monotonic milliseconds.
 *
 * The window, its threshold and its minimum are opossum's. A window without a bad call has nothing to decide, so it only
 * counts; opossum is made at the first bad call, given those counts, and let go when the last bad call is out of the window.
 * That keeps its several kilobytes and its cost per call away from hosts that are well.
 *
 * opossum is told results instead of being wrapped around calls, because its denominator is the calls that were begun: calls
 * in flight would thin out the failures. It has no timer: its window is turned by our clock, its reset timer is taken off.
 */
export class CallWindow {
  readonly #options: CallWindowOptions
  /** Calls per step, the newest first, while none of them was bad. */
  #counts: number[] | undefined = emptyCounts()
  #opossum: Opossum<[], never> | undefined
  #turnOpossum: () => void = () => {}
  #turnedAtMs = 0

  constructor(options: CallWindowOptions) {
    this.#options = options
  }

  /** Counts a completed call. Says whether it was bad and makes the bad ones too many. */
  record(isBad: boolean, nowMs: number): boolean {
    this.#turn(nowMs)
    if (!isBad) {
      this.#countGood()
      return false
    }
    this.#opossum ??= this.#createOpossum()
    // The action throws before `fire` returns, so opossum has decided by then.
    this.#opossum.fire().catch(() => {})
    return this.#opossum.opened
  }

  /** Whether the bad calls would be too many if `pending` further ones were bad. */
  isExceededWith(pending: number, nowMs: number): boolean {
    this.#turn(nowMs)
    const { badRatio, minimumCalls } = this.#options
    const good = this.#counts?.reduce((sum, count) => sum + count, 0)
    const { fires, failures } = this.#opossum?.stats ?? { fires: good ?? 0, failures: 0 }
    const calls = fires + pending
    return calls >= minimumCalls && failures + pending >= badRatio * calls
  }

  #countGood(): void {
    if (this.#counts !== undefined) {
      this.#counts[0] = (this.#counts[0] ?? 0) + 1
      return
    }
    const newest = this.#opossum?.status.window[0]
    if (newest === undefined) return
    newest.fires++
    newest.successes++
  }

  #turn(nowMs: number): void {
    const stepMs = this.#options.windowMs / BUCKETS
    const steps = Math.floor((nowMs - this.#turnedAtMs) / stepMs)
    if (steps <= 0) return
    this.#turnedAtMs += steps * stepMs
    for (let step = Math.min(steps, BUCKETS); step > 0; step--) {
      if (this.#counts === undefined) {
        this.#turnOpossum()
      } else {
        this.#counts.pop()
        this.#counts.unshift(0)
      }
    }
    const buckets = this.#opossum?.status.window
    if (buckets === undefined || buckets.some(({ failures }) => failures > 0)) return
    this.#counts = buckets.map(({ successes }) => successes)
    this.#opossum = undefined
  }

  #createOpossum(): Opossum<[], never> {
    const rotation = {
      listenerCount: () => 0,
      on: (_event: string, turn: () => void) => {
        this.#turnOpossum = turn
      },
    }
    // opossum writes into its options, so each gets its own.
    const opossum = new Opossum<[], never>(fail, {
      timeout: false,
      // It opens above its threshold, not at it; a hair less makes it at or above.
      errorThresholdPercentage: this.#options.badRatio * 100 - 1e-9,
      volumeThreshold: this.#options.minimumCalls,
      rollingCountTimeout: this.#options.windowMs,
      rollingCountBuckets: BUCKETS,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: rotation as unknown as NonNullable<Opossum.Options['rotateBucketController']>,
    })
    // Among them is the one that starts the reset timer. When a circuit opens, its window is thrown away.
    opossum.removeAllListeners('open')
    for (const [index, bucket] of opossum.status.window.entries()) {
      bucket.fires = bucket.successes = this.#counts?.[index] ?? 0
    }
    this.#counts = undefined
    return opossum
  }
}

const badCall: Error = Object.freeze(new Error('The call was bad.'))

function fail(): never {
  throw badCall
}

function emptyCounts(): number[] {
  return Array.from({ length: BUCKETS }, () => 0)
}
