import type { CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import type { Call } from './call.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import type { Outcome } from './outcome.ts'
import { bulkheadRefusal, limitRefusal, refuse } from './refusals.ts'

/** The time before which a call that waits for a limit now has to start: its deadline, or `maxWaitMs` from now. */
export function latestLimitStartMs(call: Call, { rateLimit }: ResolvedFetchOptions, nowMs: number): number {
  return rateLimit === false ? call.deadlineAtMs : Math.min(call.deadlineAtMs, nowMs + rateLimit.maxWaitMs)
}

/**
 * Waits in the line of the bucket until it is this call's turn; again, when the pause was prolonged meanwhile. Returns a
 * refusal when that cannot be in time.
 *
 * @throws the reason of the caller's signal when it aborts.
 */
export async function waitForLimit(
  call: Call,
  options: ResolvedFetchOptions,
  events: Emitter<CoreEventMap>,
): Promise<Outcome | undefined> {
  const { clock } = options
  const { bucket } = call.scope
  while (bucket !== undefined) {
    const nowMs = clock.monotonicMs()
    const waitMs = call.takePlaceWaitMs(nowMs) ?? bucket.takePlace(nowMs, latestLimitStartMs(call, options, nowMs))
    if (waitMs === undefined) return refuse(call.record, limitRefusal(bucket.expectedWaitMs(nowMs)))
    if (events.has('limit:waiting')) events.emit('limit:waiting', { ...call.eventFacts(nowMs), waitMs })
    await clock.sleep(waitMs, call.callerSignal)
    const wokenMs = clock.monotonicMs()
    call.noteWait('rate_limit', wokenMs - nowMs)
    if (events.has('limit:released'))
      events.emit('limit:released', { ...call.eventFacts(wokenMs), waitedMs: wokenMs - nowMs })
    if (bucket.pausedMs(wokenMs) === 0) return undefined
  }
  return undefined
}

/**
 * Waits in the queue of the bulkhead. Returns a refusal when there is no place in it, or no slot in time.
 *
 * @throws the reason of the caller's signal when it aborts.
 */
export async function waitForSlot(
  call: Call,
  { clock }: ResolvedFetchOptions,
  events: Emitter<CoreEventMap>,
): Promise<Outcome | undefined> {
  const { bulkhead } = call.scope
  if (bulkhead === undefined) return undefined
  if (bulkhead.isQueueFull) return refuse(call.record, bulkheadRefusal('bulkhead_full'))
  const nowMs = clock.monotonicMs()
  if (events.has('bulkhead:queued'))
    events.emit('bulkhead:queued', { ...call.eventFacts(nowMs), queued: bulkhead.queued + 1 })
  const result = await bulkhead.acquire(Math.max(0, call.deadlineAtMs - nowMs), call.callerSignal)
  const wokenMs = clock.monotonicMs()
  call.noteWait('bulkhead', wokenMs - nowMs)
  if (result === 'timed_out') return refuse(call.record, bulkheadRefusal('bulkhead_timeout'))
  if (events.has('bulkhead:released'))
    events.emit('bulkhead:released', { ...call.eventFacts(wokenMs), waitedMs: wokenMs - nowMs })
  return undefined
}
