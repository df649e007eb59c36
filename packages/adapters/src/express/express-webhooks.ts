import type { ServerResponse } from 'node:http'
import { IntegrationError } from '@holdfast/core'
import type { Receiver } from '@holdfast/webhook-receiver'
import { incomingWebhook, type ParsedRequest, unreadableWebhook, writeReply } from '../node-http/node-request.ts'
import { RawBodyUnavailableError } from '../node-http/raw-body-unavailable-error.ts'

/** What the adapter needs of Express' request. */
export interface ExpressLikeRequest extends ParsedRequest {
  readonly params: Readonly<Record<string, string | readonly string[]>>
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
 * An Express request handler that hands requests to the receiver: `app.post('/webhooks/:source', expressWebhooks(receiver))`.
 * Mount it before `express.json()` and other body parsers. When one of them has read the body, the request goes to
 * `next(error)` with a `RawBodyUnavailableError` at once, and is reported as `webhook:refused`.
 */
export function expressWebhooks(
  receiver: Pick<Receiver, 'accept'>,
  options: ExpressWebhooksOptions = {},
): ExpressWebhooksHandler {
  return async (request, response, next) => {
    const source = options.source ?? request.params.source
    try {
      if (typeof source !== 'string') throw missingSource()
      await handOver(receiver, source, request, response)
    } catch (error) {
      next(error)
    }
  }
}

async function handOver(
  receiver: Pick<Receiver, 'accept'>,
  source: string,
  request: ExpressLikeRequest,
  response: ServerResponse,
): Promise<void> {
  try {
    writeReply(request, response, await receiver.accept(source, incomingWebhook(request)))
  } catch (error) {
    if (error instanceof RawBodyUnavailableError) await receiver.accept(source, unreadableWebhook(request, error))
    throw error
  }
}

function missingSource(): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'missing_source',
    message: 'The route has no parameter `:source`, and `expressWebhooks` was given no `source`.',
  })
}
