import type { WebhookBatch } from '@holdfast/core'
import { utf8Bytes } from '../verify/encoding.ts'
import type { RequestReader } from '../verify/request-reader.ts'
import { itemSpans } from './json-spans.ts'

/** One of several events in a request. */
export interface DeliveryItem {
  /** Its bytes, as the sender wrote them. */
  readonly body: Uint8Array
  /** Reads the request, with pointers that begin at the item. */
  readonly reader: RequestReader
}

/** Divides a body into its events. `undefined`: there is no array where the connector says, and the body is one event. */
export function deliveryItems(
  reader: RequestReader,
  { pointer, json }: WebhookBatch,
): readonly DeliveryItem[] | undefined {
  if (json !== true) return itemsAt(reader, reader.request.body, pointer)
  const text = reader.fields.text(pointer)
  if (text === undefined) return undefined
  const bytes = utf8Bytes(text)
  return itemsAt(reader.within(bytes), bytes, '')
}

function itemsAt(reader: RequestReader, json: Uint8Array, pointer: string): readonly DeliveryItem[] | undefined {
  if (reader.fields.isForm || !Array.isArray(reader.value(pointer))) return undefined
  const readers = reader.items(pointer)
  const spans = itemSpans(json, pointer)
  if (spans?.length !== readers.length) return undefined
  return spans.map(({ start, end }, index) => ({
    body: json.subarray(start, end),
    reader: readers[index] as RequestReader,
  }))
}
