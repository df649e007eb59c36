import type { Connector } from '@holdfast/core'
import manifest from './stripe.json' with { type: 'json' }

/** Stripe: `stripe-signature` with several `v1` while a secret is rolled, event ids that are signed, idempotency keys. */
const stripe: Connector = manifest as Connector

export default stripe
