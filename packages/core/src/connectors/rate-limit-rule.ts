import type { WaitFormat } from '../time/wait-value.ts'
import type { ErrorCondition, ExampleAnswer } from './condition.ts'

/** A rate limit of a provider: whom it binds, and where an answer tells its state. */
export interface RateLimitRule {
  /** Name of the limit in snake_case. Appears in readings. */
  readonly id: string
  /**
   * Who shares the limit. `app`: every connection of the application; `connection`: the calls of one account; `endpoint`:
   * within a connection, each method and path by itself.
   */
  readonly scope: 'app' | 'connection' | 'endpoint'
  /** Hosts that the limit covers, for one that an installation of the provider elsewhere does not have. Default: all. */
  readonly hosts?: readonly string[]
  /**
   * Paths that the limit covers; `*` stands for anything within a segment, `**` for anything. `{name}` is as `*`, and parts the
   * limit: each value has one of its own, as with `/v0/{base}/**`. Under `scope: 'endpoint'` it does so in place of the whole
   * path. The first that matches counts. Default: all.
   */
  readonly paths?: readonly string[]
  /** Paths that it does not cover, though `paths` does. */
  readonly exceptPaths?: readonly string[]
  /** The answers that tell of this limit. Default: all. Where one names the limit that was hit, `remaining` is `{ value: 0 }`. */
  readonly when?: ErrorCondition
  /**
   * What is counted, where it is not requests. What a call takes is reserved where `costs` or the option
   * `rateLimit.costOf` says it; otherwise the limit only pauses when it is used up.
   */
  readonly unit?: string
  /** What requests take of the limit, the first that matches; 0: the limit does not count them. Default: 1 request. */
  readonly costs?: readonly LimitCost[]
  /** Units per window. With a `value` here and in `windowMs` the limit is kept before any answer has told it. */
  readonly limit?: LimitField
  /** Length of the window in milliseconds. */
  readonly windowMs?: LimitField
  readonly remaining?: LimitField
  /** Told instead of `remaining` by some. */
  readonly used?: LimitField
  readonly reset?: ResetField
  /** Units that come back per second, where there is no window. */
  readonly restorePerSecond?: LimitField
  /** Units that the refused request would have taken, where they come back per second. Default: 1. */
  readonly cost?: LimitField
  /** Units that the answered request took, where that is told: corrects what was reserved for it. */
  readonly actualCost?: LimitField
  /**
   * What `reset`, or where there is none `windowMs`, is the time of. `window`: of the next window; `full`: of having
   * everything back, at an even pace, so that the next unit comes much earlier. @defaultValue 'window'
   */
  readonly resetMeans?: 'window' | 'full'
  /** Answers and what must be read from them. A rule that reads anything has at least one. */
  readonly examples?: readonly RateLimitExample[]
}

/** What some requests take of a limit. */
export interface LimitCost {
  /** In upper case. Default: all. */
  readonly methods?: readonly string[]
  /** As in `RateLimitRule`. Default: all that the limit covers. */
  readonly paths?: readonly string[]
  /** Units. */
  readonly cost: number
}

/** Where a number stands: exactly one of `header`, `pointer` and `value`. */
export interface LimitField {
  /** Lower-case response header. */
  readonly header?: string
  /** JSON Pointer (RFC 6901) into the body of a failed answer. */
  readonly pointer?: string
  /** The number itself, as the provider documents it. */
  readonly value?: number
  /** The name before the `=` in a header that holds several, for example `api-usage=18/5000`. */
  readonly key?: string
  /** Which number of a fraction such as `32/40`. */
  readonly of?: 'numerator' | 'denominator'
}

/** Where the end of a window stands, and how it is written. */
export interface ResetField {
  /** Lower-case response header. */
  readonly header?: string
  /** JSON Pointer (RFC 6901) into the body of a failed answer. */
  readonly pointer?: string
  /** The name before the `=` in a header that holds several. */
  readonly key?: string
  readonly format: WaitFormat
}

/** An answer with what a rule reads from it. */
export interface RateLimitExample {
  readonly answer: ExampleAnswer
  /** Arrival of the answer, ms since the epoch, where moments are measured without a `date` header. Default: 0. */
  readonly now?: number
  readonly reads: {
    readonly limit?: number
    readonly remaining?: number
    readonly resetMs?: number
    readonly windowMs?: number
    readonly restorePerSecond?: number
    readonly cost?: number
  }
}
