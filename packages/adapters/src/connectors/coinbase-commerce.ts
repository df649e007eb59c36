import type { Connector } from '@holdfast/core'
import manifest from './coinbase-commerce.json' with { type: 'json' }

/** Coinbase Commerce: webhooks of charges. */
const coinbaseCommerce: Connector = manifest as Connector

export default coinbaseCommerce
