import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Receiver } from '@holdfast/webhook-receiver'
import { acceptWebhook, writeReply } from './accept-webhook.ts'
import { checkedReceiver, checkNeededSource } from './checked-receiver.ts'
import type { NodeRequest, ParserAdvice } from './node-request.ts'

const advice: ParserAdvice = { fix: 'Hand the request to `nodeHttpWebhooks` before anything reads it.' }

/** How requests find their source. */
export interface NodeHttpWebhooksOptions {
  /**
   * Name of the source, or a function that finds it in the request, for instance in its path. A function that throws or rejects
   * has found none: the request is answered 404, as for a name that does not exist.
   */
  readonly source: string | ((request: IncomingMessage) => string | Promise<string>)
}

/**
 * A request listener for `node:http` and `node:https` that hands every request to the receiver. It answers each request and
 * never throws. A body that was read before is answered 500 and reported as `webhook:refused` with a `RawBodyUnavailableError`.
 *
 * @throws InvalidOptionsError when the receiver or an option is wrong.
 */
export function nodeHttpWebhooks(
  receiver: Pick<Receiver, 'accept'>,
  options: NodeHttpWebhooksOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  checkedReceiver(receiver)
  checkNeededSource(options)
  return async (message: IncomingMessage & Leftovers, response) => {
    const { rawBody, body, originalUrl: target } = message
    const request: NodeRequest = { message, target, body, rawBody }
    // A name that is there at once is not awaited: each await puts the request behind all others.
    const { source } = options
    const name = typeof source === 'string' ? source : await found(source, message)
    const { reply } = await acceptWebhook(receiver, name, request, advice)
    writeReply(request, response, reply)
  }
}

/** What platforms and `connect` middleware add to a request. */
interface Leftovers {
  readonly body?: unknown
  readonly rawBody?: unknown
  readonly originalUrl?: string
}

async function found(
  source: Exclude<NodeHttpWebhooksOptions['source'], string>,
  request: IncomingMessage,
): Promise<string> {
  try {
    return await source(request)
  } catch {
    return ''
  }
}
