import type { IncomingMessage } from 'node:http'
import { checkOptions, nonEmptyString } from '@holdfast/core'
import type { Receiver } from '@holdfast/webhook-receiver'
import { acceptWebhook, discardRest } from '../node-http/accept-webhook.ts'
import { checkedReceiver } from '../node-http/checked-receiver.ts'
import type { NodeRequest, ParserAdvice } from '../node-http/node-request.ts'
import { sourceName } from '../node-http/source-name.ts'

const advice: ParserAdvice = {
  culpritOf,
  fix: "Move `router.all('/webhooks/:source', koaWebhooks(receiver))` and its `app.use()` above `app.use(bodyParser())`.",
}

/** What the adapter needs of Koa's context. */
export interface KoaLikeContext {
  readonly req: IncomingMessage
  readonly originalUrl: string
  /** What body parsers left. */
  readonly request: { readonly body?: unknown; readonly rawBody?: unknown }
  /** What `@koa/router` found in the path. */
  readonly params?: Readonly<Record<string, string>>
  status: number
  body: unknown
  set(headers: Record<string, string>): void
  remove(name: string): void
}

export interface KoaWebhooksOptions {
  /** Name of the source, for a route that serves one. Default: the parameter `:source` of `@koa/router`. */
  readonly source?: string
}

/** A middleware that Koa and `@koa/router` take. */
export type KoaWebhooksMiddleware = (context: KoaLikeContext) => Promise<void>

/**
 * A Koa middleware that hands requests to the receiver: `router.all('/webhooks/:source', koaWebhooks(receiver))`. Mount it before
 * body parsers. When one of them has read the body, a `RawBodyUnavailableError` is thrown at once, and reported as
 * `webhook:refused`.
 *
 * @throws InvalidOptionsError when the receiver or an option is wrong.
 */
export function koaWebhooks(
  receiver: Pick<Receiver, 'accept'>,
  options: KoaWebhooksOptions = {},
): KoaWebhooksMiddleware {
  checkedReceiver(receiver)
  checkOptions('', options, { source: nonEmptyString })
  return async (context) => {
    const { req: message, originalUrl: target, request: parsed } = context
    const source = sourceName('koaWebhooks', options.source, context.params?.source)
    const request: NodeRequest = { message, target, body: parsed.body, rawBody: parsed.rawBody }
    const { reply, error } = await acceptWebhook(receiver, source, request, advice)
    discardRest(message)
    if (error !== undefined) throw error
    context.status = reply.status
    context.set(reply.headers)
    // A Buffer, because Koa makes a 204 of nothing; it gives a type to what has none.
    context.body = Buffer.from(reply.body)
    if (!('content-type' in reply.headers)) context.remove('content-type')
  }
}

function culpritOf({ body, rawBody }: NodeRequest): string | undefined {
  if (typeof rawBody === 'string') return '`@koa/bodyparser` (or `koa-bodyparser`) ran'
  return body === undefined ? undefined : '`koa-body` or another body parser ran'
}
