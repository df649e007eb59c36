import { isIntegrationError } from '@holdfast/core'
import type { IncomingWebhook, WebhookReply } from '../../receiver/receiver.ts'
import type { WebhookIntake } from './framework-case.ts'

/** What an adapter handed over. */
export interface Received extends Omit<IncomingWebhook, 'body'> {
  readonly source: string
  readonly body: Uint8Array
}

/** An intake that verifies nothing, keeps what it gets, and answers what the case wants. */
export interface RecordingReceiver {
  readonly receiver: WebhookIntake
  readonly received: readonly Received[]
}

const accepted: WebhookReply = { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }

/** Makes an intake that reads each request to its end and answers it with `reply`. */
export function recordingReceiver(
  reply: (received: Received) => WebhookReply | Promise<WebhookReply> = () => accepted,
): RecordingReceiver {
  const received: Received[] = []
  const accept = async (source: string, incoming: IncomingWebhook): Promise<WebhookReply> => {
    try {
      const one = { ...incoming, source, body: await gather(incoming.body) }
      received.push(one)
      return await reply(one)
    } catch (error) {
      // A receiver never throws.
      return { status: isIntegrationError(error) ? error.status : 400, headers: {}, body: '' }
    }
  }
  return {
    received,
    receiver: {
      accept,
      async handle(source, request) {
        const { status, headers, body } = await accept(source, {
          method: request.method,
          url: request.url,
          headers: [...request.headers],
          body: request.body,
        })
        return new Response(body === '' ? null : body, { status, headers })
      },
    },
  }
}

/** The request target of a URL that may be absolute. */
export function targetOf(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/, '')
}

async function gather(body: IncomingWebhook['body']): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0)
  if (body instanceof Uint8Array) return body
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
