import type { Emitter } from '@holdfast/core'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { Outcome } from './request-path.ts'

/** Tells listeners what became of a request. Without listeners nothing is computed. */
export function reportOutcome(
  events: Emitter<ReceiverEventMap>,
  source: string,
  outcome: Outcome,
  elapsedMs: () => number,
): void {
  if (outcome.kind === 'stored') reportStored(events, source, outcome, elapsedMs)
  if (outcome.handshake !== undefined && events.has('webhook:handshake')) {
    const { handshake, reply } = outcome
    events.emit('webhook:handshake', { source, handshake, status: reply.status, durationMs: elapsedMs() })
  }
}

function reportStored(
  events: Emitter<ReceiverEventMap>,
  source: string,
  { verified, events: stored, results }: Extract<Outcome, { kind: 'stored' }>,
  elapsedMs: () => number,
): void {
  const { scheme, strength, keyIndex, keyId } = verified
  const verification = { scheme, strength, keyIndex, ...(keyId === undefined ? {} : { keyId }) }
  if (stored.length === 0 && events.has('webhook:empty')) {
    events.emit('webhook:empty', { source, ...verification, durationMs: elapsedMs() })
  }
  results.forEach(({ status, position }, index) => {
    const moment = status === 'duplicate' ? 'webhook:duplicate' : 'webhook:accepted'
    const id = stored[index]?.id
    if (id === undefined || !events.has(moment)) return
    events.emit(moment, { source, ...verification, id, position, durationMs: elapsedMs() })
  })
}
