import type { Connector } from '@holdfast/core'
import manifest from './chargebee.json' with { type: 'json' }

/** Chargebee: webhooks with basic authentication. */
const chargebee: Connector = manifest as Connector

export default chargebee
