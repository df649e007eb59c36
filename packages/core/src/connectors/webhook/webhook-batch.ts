/**
 * The provider sends several events in one body. Each item becomes an event of its own, all of them or none; where `eventId`,
 * `eventType`, `tenant` and `occurredAt` are in the body, their pointers are relative to the item. An empty array is
 * acknowledged, and nothing is stored.
 */
export interface WebhookBatch {
  /** JSON Pointer to the array of items; `''` is the body itself. Of a form, each field is a member. */
  readonly pointer: string
  /** The value at `pointer` is a text that holds the array as JSON. */
  readonly json?: true
}
