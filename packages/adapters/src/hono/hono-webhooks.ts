import { checkOptions, nonEmptyString } from '@holdfast/core'
import { sourceName } from '../node-http/source-name.ts'
import { type LateReceiver, lateReceiver } from '../web/late-receiver.ts'
import { peerAddress } from '../web/peer-address.ts'
import { acceptRequest, incomingRequest, type SpentBodyAdvice, toResponse } from '../web/web-request.ts'

const advice: SpentBodyAdvice = {
  culprit: 'A middleware read the body, with `c.req.json()`, `c.req.parseBody()` or the like,',
  fix:
    "Move `app.all('/webhooks/:source', honoWebhooks(receiver))` above that middleware, " +
    'or let it read a copy: `c.req.raw.clone()`.',
}

/** What the adapter needs of Hono's context. */
export interface HonoLikeContext {
  readonly req: {
    readonly raw: Request
    param(name: string): string | undefined
  }
  /** What the runtime hands over beside the request. */
  readonly env: unknown
}

export interface HonoWebhooksOptions {
  /** Name of the source, for a route that serves one. Default: the route parameter `:source`. */
  readonly source?: string
}

/** A handler that Hono 4 takes. */
export type HonoWebhooksHandler = (context: HonoLikeContext) => Promise<Response>

/**
 * A Hono handler that hands requests to the receiver: `app.all('/webhooks/:source', honoWebhooks(receiver))`. Middleware that
 * runs before it must not read the body. When one has, it throws a `RawBodyUnavailableError` at once, for `app.onError`, and
 * the request is reported as `webhook:refused`.
 *
 * @throws InvalidOptionsError when the receiver or an option is wrong.
 */
export function honoWebhooks(receiver: LateReceiver, options: HonoWebhooksOptions = {}): HonoWebhooksHandler {
  const intake = lateReceiver(receiver)
  checkOptions('', options, { source: nonEmptyString })
  return async ({ req, env }) => {
    const { raw } = req
    const source = sourceName('honoWebhooks', options.source, req.param('source'))
    const incoming = incomingRequest(raw, peerAddress(raw, env))
    const { reply, error } = await acceptRequest(intake, source, raw, incoming, advice)
    if (error !== undefined) throw error
    return toResponse(reply, env)
  }
}
