import type { BatchItem, HeaderPairs, Position, StoredEvent } from '../buffer/event-buffer.ts'
import type { WebhookEvent } from '../receiver/webhook-event.ts'

/**
 * The event as a handler sees it. Headers, text and JSON are made when they are asked for, for each attempt anew, so that what
 * one does to them the next does not see. The body is the stored one: a copy would cost every handler what hardly one needs.
 */
export function deliveredEvent(stored: StoredEvent): WebhookEvent {
  return new DeliveredEvent(stored)
}

const utf8 = new TextDecoder()

class DeliveredEvent implements WebhookEvent {
  readonly id: string
  readonly source: string
  declare readonly tenant?: string
  declare readonly key?: string
  declare readonly type?: string
  declare readonly eventId?: string
  readonly receivedAt: number
  declare readonly occurredAt?: number
  declare readonly batch?: BatchItem
  readonly method: string
  readonly url: string
  declare readonly remoteAddress?: string
  readonly rawHeaders: HeaderPairs
  readonly body: Uint8Array<ArrayBuffer>
  readonly partition: number
  readonly position: Position
  #headers: Headers | undefined
  #json: { readonly value: unknown } | undefined

  constructor(stored: StoredEvent) {
    this.id = stored.id
    this.source = stored.source
    if (stored.tenant !== undefined) this.tenant = stored.tenant
    if (stored.key !== undefined) this.key = stored.key
    if (stored.type !== undefined) this.type = stored.type
    if (stored.eventId !== undefined) this.eventId = stored.eventId
    this.receivedAt = stored.receivedAt
    if (stored.occurredAt !== undefined) this.occurredAt = stored.occurredAt
    if (stored.batch !== undefined) this.batch = stored.batch
    this.method = stored.method
    this.url = stored.url
    if (stored.remoteAddress !== undefined) this.remoteAddress = stored.remoteAddress
    this.rawHeaders = stored.headers
    this.body = stored.body
    this.partition = stored.partition
    this.position = stored.position
  }

  get headers(): Headers {
    this.#headers ??= toHeaders(this.rawHeaders)
    return this.#headers
  }

  text(): string {
    return utf8.decode(this.body)
  }

  json(): unknown {
    this.#json ??= { value: JSON.parse(this.text()) as unknown }
    return this.#json.value
  }
}

function toHeaders(pairs: HeaderPairs): Headers {
  const headers = new Headers()
  for (const [name, value] of pairs) {
    try {
      headers.append(name, value)
    } catch {
      // What a lenient server let through need not be a legal header; it stays in `rawHeaders`.
    }
  }
  return headers
}
