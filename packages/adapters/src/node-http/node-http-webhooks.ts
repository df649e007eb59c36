import type { IncomingMessage, ServerResponse } from 'node:http'
import type { IncomingWebhook, Receiver } from '@holdfast/webhook-receiver'
import { incomingWebhook, unreadableWebhook, writeReply } from './node-request.ts'
import { RawBodyUnavailableError } from './raw-body-unavailable-error.ts'

/** How requests find their source. */
export interface NodeHttpWebhooksOptions {
  /**
   * Name of the source, or a function that finds it in the request, for instance in its path. A function that throws has
   * found none: the request is answered 404, as for a name that does not exist.
   */
  readonly source: string | ((request: IncomingMessage) => string)
}

/**
 * A request listener for `node:http` and `node:https` that hands every request to the receiver. It answers each request and
 * never throws. A body that was read before is answered 500 and reported as `webhook:refused` with a `RawBodyUnavailableError`.
 */
export function nodeHttpWebhooks(
  receiver: Pick<Receiver, 'accept'>,
  options: NodeHttpWebhooksOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const reply = await receiver.accept(sourceOf(options, request), readable(request))
    writeReply(request, response, reply)
  }
}

function sourceOf({ source }: NodeHttpWebhooksOptions, request: IncomingMessage): string {
  if (typeof source === 'string') return source
  try {
    return source(request)
  } catch {
    return ''
  }
}

function readable(request: IncomingMessage): IncomingWebhook {
  try {
    return incomingWebhook(request)
  } catch (error) {
    if (error instanceof RawBodyUnavailableError) return unreadableWebhook(request, error)
    throw error
  }
}
