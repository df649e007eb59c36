import type { Connector } from '@holdfast/core'
import manifest from './paystack.json' with { type: 'json' }

/** Paystack: webhooks of payments. */
const paystack: Connector = manifest as Connector

export default paystack
