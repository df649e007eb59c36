import type { Emitter } from '@holdfast/core'
import type { Position } from '../buffer/event-buffer.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { Delivery, Lane } from './delivery.ts'

/** What a drain did since it was made. */
export interface DeliveryCounts {
  delivered: number
  retried: number
  deadLettered: number
}

/** Counts what became of deliveries, and tells whoever listens. To be called when it is durable. */
export interface DeliveryReports {
  succeeded(delivery: Delivery, durationMs: number): void
  retried(
    delivery: Delivery,
    failure: { readonly durationMs: number; readonly delayMs: number; readonly error: unknown },
  ): void
  deadLettered(delivery: Delivery, error: unknown): void
  parked(lane: Lane): void
  blocked(delivery: Delivery, error: unknown): void
  recovered(lane: Lane): void
}

/** Makes the reports of one destination. */
export function createDeliveryReports(
  name: string,
  events: Emitter<ReceiverEventMap>,
  counts: DeliveryCounts,
): DeliveryReports {
  return {
    succeeded(delivery, durationMs) {
      counts.delivered += 1
      if (events.has('delivery:succeeded'))
        events.emit('delivery:succeeded', { ...facts(name, delivery), attempt: delivery.attempts + 1, durationMs })
    },
    retried(delivery, { durationMs, delayMs, error }) {
      counts.retried += 1
      if (events.has('delivery:retried'))
        events.emit('delivery:retried', {
          ...facts(name, delivery),
          attempt: delivery.attempts,
          durationMs,
          delayMs,
          error,
        })
    },
    deadLettered(delivery, error) {
      counts.deadLettered += 1
      if (events.has('delivery:dead-lettered'))
        events.emit('delivery:dead-lettered', { ...facts(name, delivery), attempt: delivery.attempts, error })
    },
    parked(lane) {
      if (events.has('key:parked')) events.emit('key:parked', ofKey(name, lane))
    },
    blocked(delivery, error) {
      if (events.has('key:blocked'))
        events.emit('key:blocked', {
          ...facts(name, delivery),
          ...ofKey(name, delivery),
          attempt: delivery.attempts,
          error,
        })
    },
    recovered(lane) {
      if (events.has('key:recovered')) events.emit('key:recovered', ofKey(name, lane))
    },
  }
}

function ofKey(name: string, { key }: { readonly key: string | undefined }): OfKey {
  return { destination: name, ...(key === undefined ? {} : { key }) }
}

interface OfKey {
  readonly destination: string
  readonly key?: string
}

function facts(
  name: string,
  { event }: Delivery,
): { destination: string; source: string; id: string; position: Position } {
  return { destination: name, source: event.source, id: event.id, position: event.position }
}
