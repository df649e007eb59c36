import type { IncomingWebhook, Receiver, WebhookReply } from '@holdfast/webhook-receiver'
import type { AcceptedWebhook } from '../node-http/accept-webhook.ts'
import { lastWhileClosing, type ServedMessage } from '../node-http/last-while-closing.ts'
import { RawBodyUnavailableError } from '../node-http/raw-body-unavailable-error.ts'

/** What a developer is told when the bytes are gone. */
export interface SpentBodyAdvice {
  /** Who read the body. Default: somebody. */
  readonly culprit?: string
  /** The line that mends it. */
  readonly fix: string
}

/** Turns a web request into what the receiver takes. Nothing is parsed, decoded or inflated; the body stays a stream. */
export function incomingRequest(request: Request, remoteAddress?: string): IncomingWebhook {
  return {
    method: request.method,
    url: request.url,
    headers: [...request.headers],
    body: request.body,
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  }
}

/** Hands a request to the receiver, as `incoming`. Never throws. */
export async function acceptRequest(
  receiver: Pick<Receiver, 'accept'>,
  source: string,
  request: Request,
  incoming: IncomingWebhook,
  { culprit = 'Something read the request body', fix }: SpentBodyAdvice,
): Promise<AcceptedWebhook> {
  if (!request.bodyUsed) return { reply: await receiver.accept(source, incoming) }
  const error = new RawBodyUnavailableError(culprit, fix)
  return { error, reply: await refuseUnreadable(receiver, source, incoming, error) }
}

/** Lets the receiver refuse a request whose bytes are gone, as it refuses every other: with an event and an answer. */
export function refuseUnreadable(
  receiver: Pick<Receiver, 'accept'>,
  source: string,
  request: Omit<IncomingWebhook, 'body'>,
  error: RawBodyUnavailableError,
): Promise<WebhookReply> {
  const body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
  }
  // Without headers no declared length can turn the failure into a 413.
  return receiver.accept(source, { ...request, headers: [], body })
}

/**
 * The answer as a web response.
 *
 * @param platform - What the runtime hands over beside the request: `@hono/node-server` the request of Node.js as `incoming`.
 */
export function toResponse(reply: WebhookReply, platform?: unknown): Response {
  const { incoming } = (platform ?? {}) as { readonly incoming?: ServedMessage }
  const { status, headers, body } = incoming === undefined ? reply : lastWhileClosing(incoming, reply)
  // A response with 204 or 304 must not even have an empty body.
  return new Response(body === '' ? null : body, { status, headers })
}
