import { checkOptions, InvalidOptionsError, nonEmptyString } from '@holdfast/core'
import type { Receiver } from '@holdfast/webhook-receiver'
import { acceptWebhook, discardRest } from '../node-http/accept-webhook.ts'
import { checkedReceiver } from '../node-http/checked-receiver.ts'
import type { ParserAdvice } from '../node-http/node-request.ts'
import { sourceName } from '../node-http/source-name.ts'
import type { FastifyLikeInstance } from './fastify-like.ts'

const advice: ParserAdvice = {
  culpritOf: ({ body }) =>
    body === undefined ? undefined : 'A body parser in an `onRequest` hook or an `app.use()` ran',
  fix: 'Register that parser inside the plugin or the prefix that needs it, not at the root beside `app.register(fastifyWebhooks, …)`.',
}

const methodsOfFastify4: readonly string[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']

export interface FastifyWebhooksOptions {
  readonly receiver: Pick<Receiver, 'accept'>
  /** Path of the route, below the `prefix` that the plugin is registered with. Default: `/webhooks/:source`. */
  readonly path?: string
  /** Name of the source, for a path that serves one. Default: the route parameter `:source`. */
  readonly source?: string
}

/**
 * A Fastify plugin that hands requests to the receiver: `app.register(fastifyWebhooks, { receiver })`. It answers in
 * `onRequest`, before Fastify looks at the content type: nothing is parsed, no 415 comes in between, and the only limit is the
 * source's. When something has read the body before, a `RawBodyUnavailableError` goes to the error handler, and
 * `webhook:refused` is reported.
 *
 * @throws InvalidOptionsError when the receiver or an option is wrong, or `path` has no parameter `:source` and there is no `source`.
 */
export async function fastifyWebhooks(fastify: FastifyLikeInstance, options: FastifyWebhooksOptions): Promise<void> {
  // Fastify hands over what else the plugin was registered with, such as `prefix`.
  const { receiver, path = '/webhooks/:source', source } = options
  checkOptions('', { path, source }, { path: nonEmptyString, source: nonEmptyString })
  checkedReceiver(receiver)
  if (source === undefined && !path.includes(':source')) {
    throw new InvalidOptionsError({
      path: 'path',
      expected: 'a path with `:source`, or `source` beside it',
      received: path,
    })
  }
  fastify.route({
    method: fastify.supportedMethods ?? [...methodsOfFastify4],
    url: path,
    async onRequest({ raw: message, originalUrl: target, params }, reply) {
      const name = sourceName('fastifyWebhooks', source, (params as { readonly source?: string }).source)
      const request = { message, target, body: message.body, rawBody: message.rawBody }
      const { error, reply: answer } = await acceptWebhook(receiver, name, request, advice)
      discardRest(message)
      if (error !== undefined) throw error
      // A Buffer, because Fastify adds a charset to what is text.
      const payload = answer.body === '' ? undefined : Buffer.from(answer.body)
      return reply.code(answer.status).headers(answer.headers).send(payload)
    },
    // Never reached, and no route without it.
    handler: () => {},
  })
}
