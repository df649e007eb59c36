import type { IncomingMessage } from 'node:http'

/** What the plugin needs of Fastify's request. */
export interface FastifyLikeRequest {
  readonly raw: IncomingMessage & { readonly body?: unknown; readonly rawBody?: unknown }
  readonly originalUrl: string
  readonly params: unknown
}

/** What the plugin needs of Fastify's reply. */
export interface FastifyLikeReply {
  code(status: number): this
  headers(headers: Readonly<Record<string, string>>): this
  send(payload?: Buffer): this
}

/** The route that the plugin adds. */
export interface FastifyLikeRoute {
  readonly method: string[]
  readonly url: string
  readonly onRequest: (request: FastifyLikeRequest, reply: FastifyLikeReply) => Promise<unknown>
  readonly handler: () => void
}

/** What the plugin needs of Fastify. */
export interface FastifyLikeInstance {
  /** Absent in Fastify 4. */
  readonly supportedMethods?: string[]
  route(route: FastifyLikeRoute): unknown
}
