import { IntegrationError, type WebhookBatch } from '@holdfast/core'
import { utf8Bytes } from '../verify/encoding.ts'
import type { RequestReader } from '../verify/request-reader.ts'

// Each item is stored with the headers of the request: more than this is no delivery but a mistake, or an attack.
const MAX_ITEMS = 10_000

/**
 * Divides a body into its events, each with its bytes as the sender wrote them. `undefined`: there is no array where the
 * connector says, and the body is one event.
 *
 * @throws IntegrationError `invalid_request` with reason `batch_too_large` (413).
 */
export function deliveryItems(
  reader: RequestReader,
  { pointer, json }: WebhookBatch,
): readonly RequestReader[] | undefined {
  if (json !== true) return itemsAt(reader, pointer)
  const text = reader.fields.text(pointer)
  return text === undefined ? undefined : itemsAt(reader.within(utf8Bytes(text)), '')
}

function itemsAt(reader: RequestReader, pointer: string): readonly RequestReader[] | undefined {
  const items = reader.value(pointer)
  if (!Array.isArray(items)) return undefined
  if (items.length > MAX_ITEMS) throw batchTooLarge(items.length)
  return [...reader.items(pointer)]
}

function batchTooLarge(count: number): IntegrationError {
  return new IntegrationError({
    code: 'invalid_request',
    reason: 'batch_too_large',
    message: `The delivery has ${count} events; at most ${MAX_ITEMS} are taken.`,
    status: 413,
  })
}
