import { checkOptions, nonEmptyString } from '@holdfast/core'
import type { WebhookReply } from '@holdfast/webhook-receiver'
import { sourceName } from '../node-http/source-name.ts'
import { type LateReceiver, lateReceiver } from '../web/late-receiver.ts'
import { acceptRequest, incomingRequest, type SpentBodyAdvice, toResponse } from '../web/web-request.ts'
import { completeBody } from './complete-body.ts'

const advice: SpentBodyAdvice = {
  fix: 'Hand the request to `nextWebhooks` first, or read a copy: `request.clone()`.',
}

export interface NextWebhooksOptions {
  /** Name of the source, for a route that serves one. Default: the segment `[source]` of the route. */
  readonly source?: string
}

/** What Next hands a route handler beside the request. */
export interface NextRouteContext {
  readonly params: Promise<Readonly<Record<string, string | readonly string[] | undefined>>>
}

/** A route handler of the app router. */
export type NextWebhooksHandler = (request: Request, context: NextRouteContext) => Promise<Response>

/**
 * A route handler of Next's app router that hands requests to the receiver, for `app/webhooks/[source]/route.ts`:
 * `export const POST = nextWebhooks(receiver)`. Export it as `GET` too where a provider's handshake comes that way.
 *
 * A body that something read before makes it throw a `RawBodyUnavailableError`, and one that Next cut off is refused with a
 * `configuration_error` that names the setting; both are reported as `webhook:refused`.
 *
 * @throws InvalidOptionsError when the receiver or an option is wrong.
 */
export function nextWebhooks(receiver: LateReceiver, options: NextWebhooksOptions = {}): NextWebhooksHandler {
  const intake = lateReceiver(receiver)
  checkOptions('', options, { source: nonEmptyString })
  return async (request, context) => {
    const source = sourceName('nextWebhooks', options.source, (await context.params).source)
    const incoming = incomingRequest(request)
    const body = completeBody(incoming.body, incoming.headers, request.signal)
    const { reply, error } = await acceptRequest(intake, source, request, { ...incoming, body }, advice)
    if (error !== undefined) throw error
    return untransformed(reply)
  }
}

/** Next compresses what its client takes compressed. Who signs webhooks expects to read what was said. */
function untransformed(reply: WebhookReply): Response {
  const response = toResponse(reply)
  // RFC 9111 section 5.2.2.6. A length would do as well, but Next drops it.
  response.headers.set('cache-control', 'no-transform')
  return response
}
