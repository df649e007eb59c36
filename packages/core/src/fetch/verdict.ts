import type { CallVerdict } from '../circuit-breaker/circuit-breaker.ts'
import { errorCodes } from '../errors/codes.ts'
import type { Outcome } from './outcome.ts'

/**
 * What an attempt says of the health of the host. An answer below 500 shows that it is alive, but 4xx and 429 count neither
 * way: they are about us. So does what the caller aborted, and a retry that only had the rest of a deadline.
 */
export function verdictOf(outcome: Outcome, attempt: number): CallVerdict {
  const { failure } = outcome
  if (outcome.kind === 'refused') return 'neutral'
  if (failure === undefined) return 'success'
  if (outcome.kind === 'response')
    return outcome.response.status < 400 ? 'success' : statusVerdict(outcome.response.status)
  if (failure.code === 'timeout' && failure.reason === 'total' && attempt > 1) return 'neutral'
  const { fault } = errorCodes[failure.code]
  return fault === 'upstream' || fault === 'network' ? 'failure' : 'neutral'
}

/** 501 and 505 are about the request, like 4xx. */
function statusVerdict(status: number): CallVerdict {
  return status >= 500 && status !== 501 && status !== 505 ? 'failure' : 'neutral'
}
