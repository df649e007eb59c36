import { oneOf } from '../../options/check.ts'
import { type ChecksOf, checkShape, jsonPointer, type Shape } from '../check-shape.ts'
import { refusal } from '../check-variant.ts'
import type { WebhookBatch } from './webhook-batch.ts'

const batchChecks: ChecksOf<WebhookBatch> = { pointer: jsonPointer, json: oneOf(true) }

/** Checks how a body is divided into events. The ids must be those of the items: with that of the delivery all would be one event. */
export function checkBatch(path: string, webhook: Shape, schemes: readonly Shape[]): void {
  checkShape(`${path}.batch`, webhook.batch, batchChecks, ['pointer'])
  const ids = [
    { at: `${path}.eventId`, id: webhook.eventId },
    ...schemes.map(({ eventId }, index) => ({ at: `${path}.verify[${index}].eventId`, id: eventId })),
  ]
  for (const { at, id } of ids) {
    if (id !== undefined && (id as Shape).from !== 'body')
      throw refusal(
        `${at}.from`,
        "'body', because with `batch` each item needs an id of its own",
        `'${String((id as Shape).from)}'`,
      )
  }
}
