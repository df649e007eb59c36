import { IntegrationError } from '@holdfast/core'

/** Why a buffer refused. */
export type BufferErrorReason =
  /** Another process or thread has it open. */
  | 'buffer_locked'
  /** The directory or database is no buffer of this format, or cannot be used as one. */
  | 'buffer_unusable'
  /** No space is left. Draining goes on and frees some. */
  | 'buffer_full'
  /** Too many bytes wait to be written. */
  | 'buffer_overloaded'
  /** Writing failed and cannot be trusted any more. */
  | 'buffer_failed'
  /** The event is larger than `caps.maxEventBytes`. */
  | 'event_too_large'
  /** `open` was not called, or `close` was. */
  | 'buffer_closed'
  /** The partition belongs to somebody else now. */
  | 'stale_lease'
  /** What a transaction was to do has been done before. */
  | 'already_done'

/**
 * A buffer could not do what it was asked; nothing of the call was acknowledged. Match on `reason`.
 * The receiver answers 413 to `event_too_large` and 503 with `Retry-After` to the rest.
 */
export class BufferError extends IntegrationError {
  override readonly name: string = 'BufferError'
  declare readonly reason: BufferErrorReason

  constructor(
    reason: BufferErrorReason,
    message: string,
    options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {},
  ) {
    super({
      code: codeOf(reason),
      reason,
      message,
      phase: 'local',
      ...(options.retryAfterMs === undefined ? {} : { retryAfterMs: options.retryAfterMs }),
      ...(options.cause === undefined ? {} : { cause: options.cause }),
    })
  }
}

function codeOf(
  reason: BufferErrorReason,
): 'overloaded' | 'configuration_error' | 'conflict' | 'invalid_request' | 'internal_error' {
  switch (reason) {
    case 'event_too_large':
      return 'invalid_request'
    case 'buffer_locked':
    case 'buffer_unusable':
    case 'buffer_closed':
      return 'configuration_error'
    case 'stale_lease':
      return 'internal_error'
    case 'already_done':
      return 'conflict'
    case 'buffer_full':
    case 'buffer_overloaded':
    case 'buffer_failed':
      return 'overloaded'
  }
}
