import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkOptions, nonEmptyString } from '@holdfast/core'
import type { Receiver } from '@holdfast/webhook-receiver'
import { acceptWebhook, writeReply } from '../node-http/accept-webhook.ts'
import type { NodeRequest, ParserAdvice } from '../node-http/node-request.ts'
import { sourceName } from '../node-http/source-name.ts'
import { type LateReceiver, lateReceiver } from '../web/late-receiver.ts'
import { completeBody } from './complete-body.ts'
import type { NextWebhooksOptions } from './next-webhooks.ts'

const advice: ParserAdvice = {
  culpritOf: ({ body }) => (body === undefined ? undefined : "Next's body parser ran"),
  fix: 'Add `export const config = { api: { bodyParser: false } }` to the file of the API route.',
}

/** What the adapter needs of the request of an API route. */
export interface NextLikeApiRequest extends IncomingMessage {
  readonly query: Readonly<Partial<Record<string, string | readonly string[]>>>
  /** What Next's body parser made of the body. */
  readonly body?: unknown
}

/** An API route of the pages router. */
export type NextPagesWebhooksHandler = (request: NextLikeApiRequest, response: ServerResponse) => Promise<void>

/**
 * An API route of Next's pages router that hands requests to the receiver, for `pages/api/webhooks/[source].ts`. The file has
 * to switch Next's body parser off with `export const config = { api: { bodyParser: false } }`.
 *
 * When that was forgotten it throws a `RawBodyUnavailableError` that says so. A body that Next cut off is refused with a
 * `configuration_error` that names the setting. Both are reported as `webhook:refused`.
 *
 * @throws InvalidOptionsError when the receiver or an option is wrong.
 */
export function nextPagesWebhooks(receiver: LateReceiver, options: NextWebhooksOptions = {}): NextPagesWebhooksHandler {
  const intake = complete(lateReceiver(receiver))
  checkOptions('', options, { source: nonEmptyString })
  return async (message, response) => {
    const source = sourceName('nextPagesWebhooks', options.source, message.query.source)
    const request: NodeRequest = { message, body: message.body }
    const { reply, error } = await acceptWebhook(intake, source, request, advice)
    if (error !== undefined) throw error
    writeReply(request, response, reply)
  }
}

/** The receiver, which gets no bodies that Next cut off. */
function complete(receiver: Pick<Receiver, 'accept'>): Pick<Receiver, 'accept'> {
  return {
    accept: (source, incoming) =>
      receiver.accept(source, { ...incoming, body: completeBody(incoming.body, incoming.headers) }),
  }
}
