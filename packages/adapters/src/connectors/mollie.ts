import type { Connector } from '@holdfast/core'
import manifest from './mollie.json' with { type: 'json' }

/** Mollie: HMAC over the body of its events, the next generation of its webhooks. The first one signs nothing. */
const mollie: Connector = manifest as Connector

export default mollie
