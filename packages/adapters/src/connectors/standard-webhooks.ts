import type { Connector } from '@holdfast/core'
import manifest from './standard-webhooks.json' with { type: 'json' }

/** Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), for every sender that follows the specification. */
const standardWebhooks: Connector = manifest as Connector

export default standardWebhooks
