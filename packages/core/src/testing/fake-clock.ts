import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { type Check, durationMs, number } from '../options/check.ts'
import type { Clock } from '../time/clock.ts'
import { sleepOn } from '../time/system-clock.ts'

// Far more than the longest chain of promises between two timers. A turn of the event loop would be surer, but then promises
// that reject while the time moves would count as unhandled before the test can look at them.
const MICROTASKS_PER_FLUSH = 500
// How much further is looked before a promise is given up that no timer can help.
const MICROTASKS_BEFORE_GIVING_UP = 100_000

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /**
   * Moves the time forward. Timers that fall due run in order, each at its own time; promises settle before, between and
   * after them. Rejects with an `InvalidOptionsError` for what is no number of milliseconds >= 0.
   */
  advance(ms: number): Promise<void>
  /**
   * Moves from timer to timer until `promise` settles, and settles as it does. Throws when no timer is left that could help:
   * what waits for the network, the disk or another thread does not wait for this clock.
   */
  runUntil<Result>(promise: Promise<Result>): Promise<Result>
  /** Lets promises settle without moving the time, through chains of up to 500 steps. */
  flush(): Promise<void>
  /** Timers that have not fired and were not cancelled. */
  readonly pendingTimers: number
}

/**
 * Makes a fake clock. `now()` begins at `startMs` (ms since the epoch), `monotonicMs()` at 0.
 *
 * @throws InvalidOptionsError when `startMs` is no number, for example a `Date`.
 */
export function fakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  check('startMs', startMs, number())
  const timers = new Set<Timer>()
  let elapsedMs = 0

  const schedule: Clock['schedule'] = (ms, callback) => {
    const timer: Timer = { dueMs: elapsedMs + Math.max(ms, 0), callback }
    timers.add(timer)
    return () => {
      timers.delete(timer)
    }
  }
  const fire = async (timer: Timer): Promise<void> => {
    elapsedMs = Math.max(elapsedMs, timer.dueMs)
    timers.delete(timer)
    timer.callback()
    await flush()
  }

  return {
    now: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleep: (ms, signal) => sleepOn(schedule, ms, signal),
    schedule,
    advance: async (ms) => {
      check('ms', ms, durationMs())
      const untilMs = elapsedMs + ms
      await flush()
      for (let timer = earliest(timers); timer !== undefined && timer.dueMs <= untilMs; timer = earliest(timers))
        await fire(timer)
      elapsedMs = untilMs
    },
    runUntil: async (promise) => {
      let settled = false
      const settle = (): void => {
        settled = true
      }
      promise.then(settle, settle)
      await flush()
      while (!settled) {
        if (timers.size === 0) await flush(MICROTASKS_BEFORE_GIVING_UP, () => settled || timers.size > 0)
        if (settled) break
        const timer = earliest(timers)
        if (timer === undefined) throw new Error('The promise waits for something else than a timer of this clock.')
        await fire(timer)
      }
      return promise
    },
    flush: () => flush(),
    get pendingTimers() {
      return timers.size
    },
  }
}

function check(path: string, received: unknown, checkNumber: Check): void {
  const expected = checkNumber(received)
  if (expected !== undefined) throw new InvalidOptionsError({ path, expected, received })
}

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

/** The timer that is due first; of several, the one that was set first. */
function earliest(timers: ReadonlySet<Timer>): Timer | undefined {
  let first: Timer | undefined
  for (const timer of timers) if (first === undefined || timer.dueMs < first.dueMs) first = timer
  return first
}

const resolved = Promise.resolve()

/** Lets so many microtasks pass, or fewer when `isDone` says so. */
async function flush(turns: number = MICROTASKS_PER_FLUSH, isDone?: () => boolean): Promise<void> {
  for (let left = turns; left > 0 && isDone?.() !== true; left -= 1) await resolved
}
