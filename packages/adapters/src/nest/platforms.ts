import type { IncomingMessage, ServerResponse } from 'node:http'

/** What the adapter needs of Nest's `HttpServer`. */
export interface HttpAdapterLike {
  getType(): string
  getInstance(): unknown
}

/** A request, with what parsers and routers add to it. */
export type Message = IncomingMessage & { readonly originalUrl?: string; readonly body?: unknown }

/** What the adapter needs of an Express application. */
export interface ExpressLike {
  all(
    path: string,
    handler: (request: Message & { readonly params: Parameters }, response: ServerResponse) => Promise<void>,
  ): unknown
}

/** What the adapter needs of a Fastify instance. */
export interface FastifyLike {
  readonly supportedMethods: string[]
  route(route: {
    readonly method: string[]
    readonly url: string
    readonly onRequest: (
      request: { readonly raw: Message; readonly params: Parameters },
      reply: { readonly raw: ServerResponse; hijack(): unknown },
    ) => Promise<void>
    readonly handler: () => void
  }): unknown
}

interface Parameters {
  readonly source: string
}
