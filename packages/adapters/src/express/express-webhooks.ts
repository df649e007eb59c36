import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkOptions, nonEmptyString } from '@holdfast/core'
import type { Receiver } from '@holdfast/webhook-receiver'
import { acceptWebhook, writeReply } from '../node-http/accept-webhook.ts'
import { checkedReceiver } from '../node-http/checked-receiver.ts'
import type { NodeRequest, ParserAdvice } from '../node-http/node-request.ts'
import { sourceName } from '../node-http/source-name.ts'

const advice: ParserAdvice = {
  culpritOf,
  fix: "Move `app.all('/webhooks/:source', expressWebhooks(receiver))` above `app.use(express.json())` and other parsers.",
}

/** What the adapter needs of Express' request. */
export type ExpressLikeRequest = IncomingMessage & {
  readonly params: Readonly<Record<string, string | readonly string[]>>
  readonly originalUrl: string
  /** What a body parser made of the body. */
  readonly body?: unknown
  /** The bytes, where a parser's `verify` callback kept them. */
  readonly rawBody?: unknown
}

export interface ExpressWebhooksOptions {
  /** Name of the source, for a route that serves one. Default: the route parameter `:source`. */
  readonly source?: string
}

/** A request handler that Express 5 takes. */
export type ExpressWebhooksHandler = (
  request: ExpressLikeRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>

/**
 * An Express request handler that hands requests to the receiver: `app.all('/webhooks/:source', expressWebhooks(receiver))`.
 * Mount it before `express.json()` and other body parsers. When one of them has read the body, the request goes to
 * `next(error)` with a `RawBodyUnavailableError` at once, and is reported as `webhook:refused`.
 *
 * @throws InvalidOptionsError when the receiver or an option is wrong.
 */
export function expressWebhooks(
  receiver: Pick<Receiver, 'accept'>,
  options: ExpressWebhooksOptions = {},
): ExpressWebhooksHandler {
  checkedReceiver(receiver)
  checkOptions('', options, { source: nonEmptyString })
  return async (message, response, next) => {
    const { originalUrl: target, body, rawBody } = message
    const request: NodeRequest = { message, target, body, rawBody }
    try {
      const source = sourceName('expressWebhooks', options.source, message.params.source)
      const { reply, error } = await acceptWebhook(receiver, source, request, advice)
      if (error !== undefined) return next(error)
      writeReply(request, response, reply)
    } catch (error) {
      next(error)
    }
  }
}

function culpritOf({ body, message }: NodeRequest): string | undefined {
  if (typeof body === 'string') return '`express.text()` ran'
  if (typeof body !== 'object' || body === null) return undefined
  const type = message.headers['content-type']?.toLowerCase() ?? ''
  if (type.startsWith('application/x-www-form-urlencoded')) return '`express.urlencoded()` ran'
  return type.startsWith('multipart/') ? 'A parser of multipart forms ran' : '`express.json()` ran'
}
