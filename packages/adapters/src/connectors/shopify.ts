import type { Connector } from '@holdfast/core'
import manifest from './shopify.json' with { type: 'json' }

/** Shopify: `x-shopify-hmac-sha256` with the app's client secret. */
const shopify: Connector = manifest as Connector

export default shopify
