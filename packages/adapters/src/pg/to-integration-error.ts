import {
  toIntegrationError as describe,
  type ClientFailure,
  type ClientVerdict,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'
import { messageVerdicts } from './message-verdicts.ts'
import { sqlStateVerdicts } from './sql-state-verdicts.ts'

/** What is read of an error of pg and pg-pool, of any version and copy. */
interface PgErrorLike {
  /** The SQLSTATE, for example `23505`; or a code of the system, for example `ECONNREFUSED`. */
  readonly code?: unknown
  /** Only what the server sent has one. */
  readonly severity?: unknown
  readonly message?: unknown
}

/**
 * The `IntegrationError` that describes what pg or pg-pool threw. What is no error of theirs is described as far as it can
 * be; an `IntegrationError` is returned as it is. Never throws.
 *
 * Of what the server said only the SQLSTATE is kept, in `upstream.code`: its texts quote values of the rows and the statement.
 *
 * @param error - What was caught, or something that has it as `cause`.
 */
export function toIntegrationError(error: unknown, options: ToIntegrationErrorOptions = {}): IntegrationError {
  return describe(error, { ...options, read })
}

function read({ code, severity, message }: PgErrorLike): ClientFailure | undefined {
  const text = typeof message === 'string' ? message : ''
  if (typeof severity === 'string' && typeof code === 'string' && /^[\dA-Z]{5}$/.test(code))
    return { verdict: { ...ofState(code, text), upstream: { code } } }
  const verdict = messageVerdicts.find(({ message: pattern }) => pattern.test(text))?.means
  return verdict === undefined ? undefined : { verdict }
}

/** The state's own line, else that of its class: the first two characters. */
function ofState(code: string, message: string): ClientVerdict {
  // The one state that the server gives to two things: its own time limit, and a person who cancels.
  if (code === '57014' && /user request/.test(message))
    return { code: 'canceled', reason: 'abort', delivery: 'answered' }
  return sqlStateVerdicts[code] ?? sqlStateVerdicts[code.slice(0, 2)] ?? { code: 'unknown', delivery: 'answered' }
}
