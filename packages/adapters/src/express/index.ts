export { RawBodyUnavailableError } from '../node-http/raw-body-unavailable-error.ts'
export { expressWebhooks } from './express-webhooks.ts'
export type { ExpressLikeRequest, ExpressWebhooksHandler, ExpressWebhooksOptions } from './express-webhooks.ts'
