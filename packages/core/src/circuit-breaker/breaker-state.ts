import { CallWindow } from './call-window.ts'
import type { ResolvedCircuitBreakerOptions } from './circuit-breaker-options.ts'

/** The leave to send. It belongs to one call and is given back with `record`, whatever became of the call. */
export interface CircuitPermit {
  /** Whether the call helps to decide if the circuit closes. */
  readonly probe: boolean
  /** Monotonic; only where it is needed. */
  readonly admittedAtMs?: number
}

/**
 * The state of a circuit breaker.
 *
 * - closed: calls pass and are counted. It opens when a call fails and the window holds `minimumCalls` completed calls of
 *   which at least `failureRatio` failed; or when at least `slowCallRatio` of them were slow, where calls in flight that are
 *   slow already count too. That is looked at when a call completes and when one wants to start.
 * - open: calls are refused until `untilMs`. The first one after that finds it half-open. `reopened` counts how often it
 *   opened without having been closed since, and doubles the break each time. `probed` is what probes have brought already,
 *   where a process left it to others to go on with them.
 * - half_open: `halfOpenCalls` calls pass, the probes; more are refused. It opens as soon as `failureRatio` of that number
 *   have failed, and closes as soon as that cannot happen any more. A slow probe has failed. A neutral result gives the
 *   place of the probe to the next call, and so does a probe that has not come back after `breakMs`: its lease ends, and what
 *   it brings later does not count.
 * - isolated: calls are refused until somebody says `close`. Entered by `isolate` only.
 *
 * Calls that were admitted before the last change of state never count. Nothing happens by itself: a state changes when a
 * call starts or completes, or by hand, so there are no timers.
 */
export type BreakerState =
  | {
      readonly name: 'closed'
      /** It is itself the permit of all calls, as long as nobody needs to tell them apart. */
      readonly probe: false
      readonly failures: CallWindow
      readonly slowness: Slowness | undefined
      /** Until when the host asked to be left alone; 0 when it did not. */
      restUntilMs: number
    }
  | { readonly name: 'open'; readonly untilMs: number; readonly reopened: number; readonly probed: ProbeTally }
  | {
      readonly name: 'half_open'
      readonly reopened: number
      /** Those under way, the oldest first. */
      readonly probes: Set<CircuitPermit>
      successes: number
      failures: number
      restUntilMs: number
    }
  | { readonly name: 'isolated' }

/** What came of the probes so far, as long as that does not decide. */
export interface ProbeTally {
  readonly successes: number
  readonly failures: number
}

/** No probe has brought anything. */
export const noProbes: ProbeTally = Object.freeze({ successes: 0, failures: 0 })

/** What is watched of slow calls. */
export interface Slowness {
  readonly calls: CallWindow
  /** The oldest first. */
  readonly inFlight: Set<CircuitPermit>
}

/** Where a circuit begins, and comes back to: nothing is counted. */
export function closedState(options: ResolvedCircuitBreakerOptions): BreakerState {
  return {
    name: 'closed',
    probe: false,
    failures: new CallWindow(options, 'failureRatio'),
    slowness:
      options.slowCallMs === Infinity
        ? undefined
        : { calls: new CallWindow(options, 'slowCallRatio'), inFlight: new Set() },
    restUntilMs: 0,
  }
}

/** The break is over; what earlier probes brought still counts. */
export function halfOpenState(reopened: number, { successes, failures }: ProbeTally): BreakerState {
  return { name: 'half_open', reopened, probes: new Set(), successes, failures, restUntilMs: 0 }
}
