import type { WebhookDescription } from '@holdfast/core'
import { deliveryItems } from '../batch/delivery-items.ts'
import type { NewEvent } from '../buffer/event-buffer.ts'
import { type EventIdentity, eventIdentity } from '../verify/event-identity.ts'
import type { HashProvider } from '../verify/hash-provider.ts'
import { chain, type MaybePromise } from '../verify/maybe-promise.ts'
import type { RequestReader } from '../verify/request-reader.ts'
import type { Verified } from '../verify/verify-result.ts'

/** A verified request, and where it came from. */
export interface VerifiedRequest {
  /** Name of the source. */
  readonly source: string
  readonly webhook: WebhookDescription
  readonly reader: RequestReader
  readonly verified: Verified
  readonly remoteAddress: string | undefined
}

/**
 * Makes the events that a verified request brings: one, or one for each item of its batch, in order.
 *
 * @throws IntegrationError `invalid_request` with reason `batch_too_large` (413).
 */
export function eventsOf(request: VerifiedRequest, hashes: HashProvider): MaybePromise<readonly NewEvent[]> {
  const { webhook, reader } = request
  const items = webhook.batch === undefined ? undefined : deliveryItems(reader, webhook.batch)
  if (items !== undefined) return eventsOfItems(request, items, hashes)
  const content = { reader, body: reader.request.body, isItem: false }
  return chain(eventIdentity(webhook, request.verified, content, hashes), (identity) => [
    newEvent(request, identity, content.body),
  ])
}

async function eventsOfItems(
  request: VerifiedRequest,
  items: readonly RequestReader[],
  hashes: HashProvider,
): Promise<readonly NewEvent[]> {
  const { webhook, verified, reader } = request
  const delivery = await hashes.hexDigest('sha256', [reader.request.body])
  const occurrences = new Map<string, number>()
  const events: NewEvent[] = []
  for (const [index, item] of items.entries()) {
    const content = { reader: item, body: item.content, isItem: true }
    const identity = await eventIdentity(webhook, verified, content, hashes)
    const event = newEvent(request, identity, item.content)
    const id = identity.eventId === undefined ? withOccurrence(identity, occurrences) : identity.id
    events.push({ ...event, id, batch: { id: delivery, index, size: items.length } })
  }
  return events
}

/** Two items without an id that are the same byte for byte are two events; in a repeat of the delivery both are known. */
function withOccurrence({ id, tenant }: EventIdentity, occurrences: Map<string, number>): string {
  const key = JSON.stringify([tenant, id])
  const occurrence = (occurrences.get(key) ?? 0) + 1
  occurrences.set(key, occurrence)
  return occurrence === 1 ? id : `${id}:${occurrence}`
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

function newEvent(
  { source, reader, remoteAddress }: VerifiedRequest,
  identity: EventIdentity,
  body: Uint8Array,
): NewEvent {
  const { headers, receivedAt, method = 'POST', url = '' } = reader.request
  // Written out: this is done for every request, and spreads cost more than the rest of it.
  const event: Mutable<NewEvent> = { id: identity.id, source, receivedAt, method, url, headers, body }
  if (identity.eventId !== undefined) event.eventId = identity.eventId
  if (identity.type !== undefined) event.type = identity.type
  if (identity.tenant !== undefined) event.tenant = identity.tenant
  if (identity.occurredAt !== undefined) event.occurredAt = identity.occurredAt
  if (remoteAddress !== undefined) event.remoteAddress = remoteAddress
  return event
}
