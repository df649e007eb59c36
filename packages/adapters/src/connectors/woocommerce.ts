import type { Connector } from '@holdfast/core'
import manifest from './woocommerce.json' with { type: 'json' }

/** WooCommerce: webhooks of a shop. */
const woocommerce: Connector = manifest as Connector

export default woocommerce
