import type { ServerResponse } from 'node:http'
import type { Receiver, WebhookReply } from '@holdfast/webhook-receiver'
import { lastWhileClosing } from './last-while-closing.ts'
import { incomingWebhook, type NodeRequest, type ParserAdvice, unreadableWebhook } from './node-request.ts'
import { RawBodyUnavailableError } from './raw-body-unavailable-error.ts'

/** What the receiver answered, and why it never saw the bytes where it did not. */
export interface AcceptedWebhook {
  readonly reply: WebhookReply
  /** For the framework's own error handling. The receiver has reported it, and `reply` is a 500. */
  readonly error?: RawBodyUnavailableError
}

/** Hands a request to the receiver. Never throws. */
export async function acceptWebhook(
  receiver: Pick<Receiver, 'accept'>,
  source: string,
  request: NodeRequest,
  advice: ParserAdvice,
): Promise<AcceptedWebhook> {
  const { message } = request
  try {
    return { reply: lastWhileClosing(message, await receiver.accept(source, incomingWebhook(request, advice))) }
  } catch (error) {
    if (!(error instanceof RawBodyUnavailableError)) throw error
    return { error, reply: lastWhileClosing(message, await receiver.accept(source, unreadableWebhook(request, error))) }
  }
}

/** Writes the reply, and lets the rest of an unread body pass so that the connection can be used again. */
export function writeReply({ message }: NodeRequest, response: ServerResponse, reply: WebhookReply): void {
  if (response.headersSent || response.destroyed) return
  const { status, headers, body } = reply
  // RFC 9110 section 8.6: a 204 has no length, and that of a 304 would be another answer's.
  const hasLength = status !== 204 && status !== 304
  response.writeHead(status, hasLength ? { ...headers, 'content-length': Buffer.byteLength(body) } : headers)
  response.end(body)
  discardRest(message)
}

/** Lets the rest of an unread body pass. */
export function discardRest(message: NodeRequest['message']): void {
  if (!message.readableEnded) message.resume()
}
