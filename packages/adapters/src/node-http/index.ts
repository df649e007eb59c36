export { nodeHttpWebhooks } from './node-http-webhooks.ts'
export type { NodeHttpWebhooksOptions } from './node-http-webhooks.ts'
export { RawBodyUnavailableError } from './raw-body-unavailable-error.ts'
