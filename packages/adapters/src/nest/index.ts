export { RawBodyUnavailableError } from '../node-http/raw-body-unavailable-error.ts'
export { WEBHOOK_RECEIVER, WebhooksModule } from './webhooks-module.ts'
export type { WebhooksDynamicModule } from './webhooks-module.ts'
export type { NestedReceiver, WebhooksAsyncOptions, WebhooksOptions, WebhooksProvider } from './webhooks-options.ts'
