import { isIntegrationError } from '@holdfast/core'
import type { IncomingWebhook, Receiver } from '@holdfast/webhook-receiver'

/** What an adapter handed over. */
export interface Received extends Omit<IncomingWebhook, 'body'> {
  readonly source: string
  /** The bytes as latin1 text, or why there are none. */
  readonly body: string
}

/** The part of a receiver that adapters call: verifies nothing, keeps everything. */
export function recordingReceiver(): { receiver: Pick<Receiver, 'accept'>; received: Received[] } {
  const received: Received[] = []
  const accept: Receiver['accept'] = async (source, incoming) => {
    try {
      received.push({ ...incoming, source, body: await textOf(incoming.body) })
      return { status: 200, headers: {}, body: '' }
    } catch (error) {
      if (!isIntegrationError(error)) throw error
      received.push({ ...incoming, source, body: error.message })
      return { status: error.status, headers: { 'content-type': 'application/problem+json' }, body: error.code }
    }
  }
  return { received, receiver: { accept } }
}

async function textOf(body: IncomingWebhook['body']): Promise<string> {
  if (body === null || body instanceof Uint8Array) return Buffer.from(body ?? []).toString('latin1')
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}

/** Sends webhooks to a server. */
export interface Posting {
  /** Posts bytes, given as latin1 text, without any header that is not given. */
  readonly post: (path: string, headers: Record<string, string>, body: string) => Promise<Posted>
}

/** What was answered, and what the receiver had of it. */
export interface Posted {
  readonly status: number
  readonly text: string
  readonly headers: Headers
  readonly received: Received | undefined
}

/** Makes `post` for a server whose receiver records. */
export function posting(origin: string, received: readonly Received[]): Posting['post'] {
  return async (path, headers, body) => {
    const before = received.length
    // Bytes have no content type of their own; text would be given one.
    const response = await fetch(origin + path, { method: 'POST', headers, body: Buffer.from(body, 'latin1') })
    const text = await response.text()
    return { status: response.status, text, headers: response.headers, received: received[before] }
  }
}
