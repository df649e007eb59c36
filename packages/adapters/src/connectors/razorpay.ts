import type { Connector } from '@holdfast/core'
import manifest from './razorpay.json' with { type: 'json' }

/** Razorpay: webhooks of payments. */
const razorpay: Connector = manifest as Connector

export default razorpay
