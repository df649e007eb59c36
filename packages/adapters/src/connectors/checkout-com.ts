import type { Connector } from '@holdfast/core'
import manifest from './checkout-com.json' with { type: 'json' }

/** Checkout.com: webhooks of workflows. */
const checkoutCom: Connector = manifest as Connector

export default checkoutCom
