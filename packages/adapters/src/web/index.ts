export { RawBodyUnavailableError } from '../node-http/raw-body-unavailable-error.ts'
export { webWebhooks } from './web-webhooks.ts'
export type { WebWebhooksHandler, WebWebhooksOptions } from './web-webhooks.ts'
export type { LateReceiver } from './late-receiver.ts'
