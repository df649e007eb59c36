// oxlint-disable-next-line no-restricted-imports -- this is the file in front of opossum
import Opossum from 'opossum'

const STEPS = 10
// A share that is met exactly may come out a little too small or too large when it is computed.
const HAIR = 1e-11

/** What a window watches for. Many windows have the same. */
export interface CallWindowOptions {
  /** The share of the completed calls that may not fail. From 0.01 to 1. */
  readonly failureRatio: number
  /** The share of them that may not be slow. From 0.01 to 1. */
  readonly slowCallRatio: number
  /** Fewer calls than these are never too much. */
  readonly minimumCalls: number
  /** How far back calls count, in milliseconds, in steps of a tenth. */
  readonly windowMs: number
}

/**
 * The completed calls of the last `windowMs`, and how many of them were bad. All times are monotonic milliseconds.
 *
 * Whether the bad ones are too many is for opossum to decide, with its threshold and its minimum. It is asked at each bad call
 * at which it could say yes: it is made, given the counts, told of the call, and let go. A breaker of opossum has several
 * kilobytes and costs as much as many calls; like this, neither a host that is well nor one that fails now and then has one.
 *
 * opossum is told results instead of being wrapped around calls, because its denominator is the calls that were begun: calls
 * in flight would thin out the failures.
 */
export class CallWindow {
  readonly #options: CallWindowOptions
  /** Which share of the calls is too much when it is bad. */
  readonly #ratio: 'failureRatio' | 'slowCallRatio'
  /** Calls of the newest step. */
  #newest = 0
  /** Calls of the steps before it, each at the remainder of its number; absent as long as there are none. */
  #older: number[] | undefined
  /** The bad ones of all steps; absent as long as there are none. */
  #badCalls: number[] | undefined
  #count = 0
  #badCount = 0
  /** The number of the newest step. */
  #step = 0

  constructor(options: CallWindowOptions, ratio: 'failureRatio' | 'slowCallRatio') {
    this.#options = options
    this.#ratio = ratio
  }

  /** Counts a completed call. Says whether it was bad and makes the bad ones too many. */
  record(isBad: boolean, nowMs: number): boolean {
    this.#turn(nowMs)
    this.#newest++
    this.#count++
    if (!isBad) return false
    const place = this.#step % STEPS
    this.#badCalls ??= emptyCounts()
    this.#badCalls[place] = (this.#badCalls[place] as number) + 1
    this.#badCount++
    return this.#isReached(this.#count, this.#badCount) && this.#isOpened
  }

  /** Whether the bad calls would be too many if `pending` further ones were bad. */
  isExceededWith(pending: number, nowMs: number): boolean {
    this.#turn(nowMs)
    return this.#isReached(this.#count + pending, this.#badCount + pending)
  }

  get #isOpened(): boolean {
    return opossumOpens(this.#count, this.#badCount, this.#options[this.#ratio], this.#options.minimumCalls)
  }

  /** Two hairs below the ratio opossum says no for sure: it says yes above one hair below. */
  #isReached(count: number, badCount: number): boolean {
    return count >= this.#options.minimumCalls && badCount >= (this.#options[this.#ratio] - 2 * HAIR) * count
  }

  #turn(nowMs: number): void {
    const step = Math.floor(nowMs / (this.#options.windowMs / STEPS))
    if (step <= this.#step) return
    if (this.#newest > 0) {
      this.#older ??= emptyCounts()
      this.#older[this.#step % STEPS] = this.#newest
      this.#newest = 0
    }
    for (let passed = Math.min(step - this.#step, STEPS); passed > 0; passed--)
      this.#forget((step - passed + 1) % STEPS)
    this.#step = step
  }

  #forget(place: number): void {
    if (this.#older === undefined) return
    this.#count -= this.#older[place] as number
    this.#older[place] = 0
    if (this.#count === 0) this.#older = undefined
    if (this.#badCalls === undefined) return
    this.#badCount -= this.#badCalls[place] as number
    this.#badCalls[place] = 0
    if (this.#badCount === 0) this.#badCalls = undefined
  }
}

/** Whether a circuit of opossum opens at the last bad call of so many. */
function opossumOpens(count: number, badCount: number, badRatio: number, minimumCalls: number): boolean {
  const opossum = new Opossum<[], never>(fail, {
    timeout: false,
    // It opens above its threshold, not at it; a hair less makes it at or above.
    errorThresholdPercentage: (badRatio - HAIR) * 100,
    volumeThreshold: minimumCalls,
    rollingCountBuckets: 1,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    // Otherwise a timer turns its window.
    rotateBucketController: nobody as unknown as NonNullable<Opossum.Options['rotateBucketController']>,
  })
  // Among them is the one that starts a timer for the reset.
  opossum.removeAllListeners('open')
  const [before] = opossum.status.window
  if (before !== undefined) {
    before.fires = count - 1
    before.failures = badCount - 1
    before.successes = count - badCount
  }
  // The action throws before `fire` returns, so opossum has decided by then.
  opossum.fire().catch(() => {})
  return opossum.opened
}

const nobody = Object.freeze({ listenerCount: () => 0, on: () => {} })

const badCall: Error = Object.freeze(new Error('The call was bad.'))

function fail(): never {
  throw badCall
}

function emptyCounts(): number[] {
  return Array.from({ length: STEPS }, () => 0)
}
