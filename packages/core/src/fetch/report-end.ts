import type { CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { type Call, failureFacts } from './call.ts'
import type { Outcome } from './outcome.ts'

/** Emits what there is to say at the end of a call. */
export function reportEnd(call: Call, outcome: Outcome, events: Emitter<CoreEventMap>, nowMs: number): void {
  const { attempts, stop } = call.record
  const { failure } = outcome
  if (failure !== undefined && stop !== undefined && stop !== 'not_retryable' && events.has('retry:exhausted'))
    events.emit('retry:exhausted', {
      ...call.eventFacts(nowMs),
      ...failureFacts(failure),
      attempts: attempts.length,
      stop,
    })
  if (outcome.kind === 'refused' && events.has('call:refused')) {
    const { code, reason, retryAfterMs } = outcome.failure
    events.emit('call:refused', {
      ...call.eventFacts(nowMs),
      code,
      ...(reason === undefined ? {} : { reason }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    })
  }
  if (!events.has('call:finished')) return
  events.emit('call:finished', {
    ...call.eventFacts(nowMs),
    ...(failure === undefined ? {} : failureFacts(failure)),
    outcome: outcome.kind,
    attempts: attempts.length,
    ...(outcome.kind === 'response' ? { status: outcome.response.status } : {}),
  })
}
