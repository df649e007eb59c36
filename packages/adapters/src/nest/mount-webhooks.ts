import type { ServerResponse } from 'node:http'
import { IntegrationError } from '@holdfast/core'
import type { Receiver } from '@holdfast/webhook-receiver'
import { acceptWebhook, writeReply } from '../node-http/accept-webhook.ts'
import { checkedReceiver } from '../node-http/checked-receiver.ts'
import type { ParserAdvice } from '../node-http/node-request.ts'
import type { ExpressLike, FastifyLike, HttpAdapterLike, Message } from './platforms.ts'

const advice: ParserAdvice = {
  culpritOf: ({ body }) => (body === undefined ? undefined : 'A body parser ran'),
  fix:
    'Set that parser up with `app.useBodyParser()`, not on the instance given to `new ExpressAdapter(…)` or ' +
    '`new FastifyAdapter(…)`, nor with `app.use()` on Fastify.',
}

/**
 * Adds the route to the platform below Nest. What is added before Nest adds its body parsers comes before them.
 *
 * @throws IntegrationError `configuration_error` with reason `unknown_platform` when it is neither Express nor Fastify.
 */
export function mountWebhooks(http: HttpAdapterLike, path: string, receiver: Pick<Receiver, 'accept'>): void {
  checkedReceiver(receiver)
  const answer = async (source: string, message: Message, response: ServerResponse): Promise<void> => {
    const request = { message, target: message.originalUrl, body: message.body }
    const { reply } = await acceptWebhook(receiver, source, request, advice)
    writeReply(request, response, reply)
  }
  switch (http.getType()) {
    case 'express': {
      const express = http.getInstance() as ExpressLike
      express.all(path, (request, response) => answer(request.params.source, request, response))
      return
    }
    case 'fastify': {
      const fastify = http.getInstance() as FastifyLike
      fastify.route({
        method: fastify.supportedMethods,
        url: path,
        // Before Fastify looks at the content type, and answers 415 to some.
        onRequest: (request, reply) => {
          reply.hijack()
          return answer(request.params.source, request.raw, reply.raw)
        },
        // Never reached, and no route without it.
        handler: () => {},
      })
      return
    }
    default:
      throw new IntegrationError({
        code: 'configuration_error',
        reason: 'unknown_platform',
        message: `Webhooks are served on Express and Fastify; this application runs on \`${http.getType()}\`.`,
      })
  }
}
