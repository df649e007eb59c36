import type { Connector } from '@holdfast/core'
import manifest from './gocardless.json' with { type: 'json' }

/** GoCardless: webhooks of up to 250 events each. */
const gocardless: Connector = manifest as Connector

export default gocardless
