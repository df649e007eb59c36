import type { Connector } from '@holdfast/core'
import manifest from './standard-webhooks-asymmetric.json' with { type: 'json' }

/** Standard Webhooks with public keys: Ed25519 signatures, tagged `v1a`, over id, time and body. */
const standardWebhooksAsymmetric: Connector = manifest as Connector

export default standardWebhooksAsymmetric
