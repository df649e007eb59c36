export { RawBodyUnavailableError } from '../node-http/raw-body-unavailable-error.ts'
export type { FastifyLikeInstance, FastifyLikeReply, FastifyLikeRequest, FastifyLikeRoute } from './fastify-like.ts'
export { fastifyWebhooks } from './fastify-webhooks.ts'
export type { FastifyWebhooksOptions } from './fastify-webhooks.ts'
