import { createHmac } from 'node:crypto'
import type { Connector, WebhookDescription } from '@holdfast/core'
import { type EventRecorder, recordEvents } from '@holdfast/core/testing'
import type { NewEvent } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import type { ReceiverEventMap } from '../../src/events/receiver-event-map.ts'
import type { IncomingWebhook, Receiver, SourceOptions, WebhookReply } from '../../src/receiver/receiver.ts'
import { SECRET, startedReceiver } from './receiver-fixture.ts'

/** HMAC-SHA256 of the body, in hexadecimal, in `x-signature`. */
export const bodySignature: WebhookDescription['verify'][number] = {
  scheme: 'hmac',
  hash: 'sha256',
  encoding: 'hex',
  secret: { encoding: 'utf8' },
  signature: { from: 'header', name: 'x-signature' },
  message: [{ part: 'body' }],
}

/** A connector with these webhooks, signed as `bodySignature` says unless `verify` is given. */
export function connectorOf(webhook: Partial<WebhookDescription>): Connector {
  return { id: 'acme', name: 'Acme', sources: [], webhook: { verify: [bodySignature], ...webhook } }
}

/** A running receiver with one source, and what it stored. */
export interface SourceUnderTest {
  readonly receiver: Receiver
  /** The events that were appended, duplicates left out. */
  readonly stored: readonly NewEvent[]
  /** How many events each call of `append` had. */
  readonly appends: readonly number[]
  readonly events: EventRecorder<ReceiverEventMap>
  send(request: Partial<IncomingWebhook>): Promise<WebhookReply>
}

/** Starts a receiver whose source `acme` has this connector. */
export async function sourceWith(
  webhook: Partial<WebhookDescription>,
  options: Partial<SourceOptions> = {},
): Promise<SourceUnderTest> {
  const buffer = memoryBuffer()
  const stored: NewEvent[] = []
  const appends: number[] = []
  const watched: typeof buffer = {
    ...buffer,
    async append(events) {
      appends.push(events.length)
      const results = await buffer.append(events)
      results.forEach(({ status }, index) => {
        const event = events[index]
        if (status === 'appended' && event !== undefined) stored.push(event)
      })
      return results
    },
  }
  const source: SourceOptions = { connector: connectorOf(webhook), secrets: [SECRET], ...options }
  const receiver = await startedReceiver({ buffer: watched, sources: { acme: source } })
  const events = recordEvents<ReceiverEventMap>(receiver, [
    'webhook:accepted',
    'webhook:duplicate',
    'webhook:empty',
    'webhook:handshake',
    'webhook:refused',
  ])
  return {
    receiver,
    stored,
    appends,
    events,
    send: (request) =>
      receiver.accept('acme', { method: 'POST', url: '/webhooks/acme', headers: [], body: null, ...request }),
  }
}

/** A request with this body, signed. */
export function signed(
  body: string | Uint8Array,
  more: Partial<IncomingWebhook> = {},
  secret: string = SECRET,
): Partial<IncomingWebhook> {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const signature = createHmac('sha256', secret).update(bytes).digest('hex')
  return { body: bytes, ...more, headers: [['X-Signature', signature], ...(more.headers ?? [])] }
}

/** The text of a body. */
export function textOf(body: Uint8Array | undefined): string {
  return new TextDecoder().decode(body)
}
