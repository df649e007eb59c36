import type { CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import type { Call } from './call.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import type { Outcome } from './outcome.ts'
import { bulkheadRefusal, refuse } from './refusals.ts'

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
  const result = await bulkhead.acquire(call.place, Math.max(0, call.deadlineAtMs - nowMs), call.callerSignal)
  const wokenMs = clock.monotonicMs()
  call.noteWait('bulkhead', wokenMs - nowMs)
  if (result === 'timed_out') return refuse(call.record, bulkheadRefusal('bulkhead_timeout'))
  if (events.has('bulkhead:released'))
    events.emit('bulkhead:released', { ...call.eventFacts(wokenMs), waitedMs: wokenMs - nowMs })
  return undefined
}
