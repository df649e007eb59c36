export { RawBodyUnavailableError } from '../node-http/raw-body-unavailable-error.ts'
export { koaWebhooks } from './koa-webhooks.ts'
export type { KoaLikeContext, KoaWebhooksMiddleware, KoaWebhooksOptions } from './koa-webhooks.ts'
