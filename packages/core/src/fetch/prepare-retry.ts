import type { CoreEventMap, RetryStop } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { backoffMs } from '../retry/backoff.ts'
import { retryStopOf } from '../retry/retry-decision.ts'
import type { ResolvedRetryOptions } from '../retry/retry-options.ts'
import { type Call, failureFacts } from './call.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import { joinLimit, latestLimitStartMs, limitDelayMs, LONGEST_WAIT_MS } from './limits.ts'
import { discardBody, type Outcome } from './outcome.ts'

/**
 * Decides after a failed attempt whether another one follows. If so, the retry is paid for, the answer discarded and the
 * backoff waited out; after a rate limit that pauses the host, a place in its line is taken instead, where the next attempt
 * waits. If not, the reason is noted as `stop`, and the answer stays as it is for the caller.
 *
 * @throws the reason of the caller's signal when it aborts during the backoff.
 */
export async function prepareRetry(
  call: Call,
  outcome: Outcome,
  nextAttempt: number,
  retry: ResolvedRetryOptions,
  options: ResolvedFetchOptions,
  events: Emitter<CoreEventMap>,
): Promise<boolean> {
  const { failure } = outcome
  if (failure === undefined) return false
  const { scope, record } = call
  const { clock } = options
  const nowMs = clock.monotonicMs()
  const limitMs = failure.code === 'rate_limited' ? limitDelayMs(call, nowMs) : 0
  const isPaused = limitMs > 0
  // The bucket knows of the server's wait when there is one, and spreads those who wait for it.
  const serverWaitMs = isPaused ? undefined : failure.retryAfterMs
  const delayMs = backoffMs(retry, nextAttempt - 2, serverWaitMs, options.random)

  record.stop = stopOf(call, outcome, options)
  if (record.stop === undefined && (nowMs + delayMs >= call.deadlineAtMs || delayMs > LONGEST_WAIT_MS))
    record.stop = 'deadline'
  // The retry would be refused: then the answer that there is says more.
  if (record.stop === undefined && call.circuit?.refusesFor(delayMs, nowMs) === true) record.stop = 'circuit_open'
  if (record.stop !== undefined) return false

  const latestMs = latestLimitStartMs(call, options, nowMs)
  if (isPaused && nowMs + limitMs >= latestMs) {
    record.stop = 'deadline'
    return false
  }
  // Who waits in line is sent when the limit lets it, so that no budget has to spread such retries.
  const isFree = scope.budget === undefined || isPaused
  const paid = isFree ? 0 : scope.budget.pay(failure.code === 'rate_limited', nowMs)
  if (paid === undefined) {
    record.stop = 'budget'
    return false
  }

  call.paidTokens = paid
  discardBody(outcome)
  const attempt = record.attempts.length + 1
  const waitMs = isPaused ? limitMs : delayMs
  const askedMs = failure.retryAfterMs === undefined ? {} : { serverWaitMs: failure.retryAfterMs }
  record.decide({
    kind: 'retry',
    attempt,
    code: failure.code,
    wait: isPaused ? 'rate_limit' : 'backoff',
    delayMs: waitMs,
    ...askedMs,
  })
  if (events.has('retry:scheduled'))
    events.emit('retry:scheduled', {
      ...call.eventFacts(nowMs),
      ...failureFacts(failure),
      attempt,
      delayMs: waitMs,
      ...askedMs,
    })
  if (isPaused) {
    joinLimit(call, latestMs, nowMs)
    return true
  }
  await clock.sleep(delayMs, call.callerSignal)
  call.noteWait('backoff', clock.monotonicMs() - nowMs)
  return true
}

/**
 * Why the failure must not be repeated, apart from time and cost.
 *
 * @param isRepeatable - Whether sending twice has the effect of sending once.
 */
export function stopOf(
  call: Call,
  outcome: Outcome,
  { rateLimit }: ResolvedFetchOptions,
  isRepeatable: boolean = call.isRepeatable,
): RetryStop | undefined {
  const { failure } = outcome
  if (failure === undefined || outcome.kind === 'refused') return 'not_retryable'
  // Also when `AbortSignal.timeout` aborted, which is classified as a timeout.
  if (outcome.kind === 'error' && call.callerSignal?.aborted) return 'not_retryable'
  const stop = retryStopOf({
    failure,
    status: outcome.kind === 'response' ? outcome.response.status : undefined,
    headers: outcome.kind === 'response' ? outcome.response.headers : undefined,
    redirected: outcome.kind === 'response' && outcome.response.redirected,
    repeatable: isRepeatable,
    replayable: call.isReplayable,
  })
  if (stop !== undefined) return stop
  const isSurfaced = rateLimit !== false && rateLimit.onLimit !== 'wait'
  return isSurfaced && failure.code === 'rate_limited' ? 'surfaced' : undefined
}
