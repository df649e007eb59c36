export { RawBodyUnavailableError } from '../node-http/raw-body-unavailable-error.ts'
export { honoWebhooks } from './hono-webhooks.ts'
export type { HonoLikeContext, HonoWebhooksHandler, HonoWebhooksOptions } from './hono-webhooks.ts'
export type { LateReceiver } from '../web/late-receiver.ts'
