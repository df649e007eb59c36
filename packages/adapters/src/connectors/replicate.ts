import type { Connector } from '@holdfast/core'
import manifest from './replicate.json' with { type: 'json' }

/** Replicate: webhooks of predictions, as Standard Webhooks. */
const replicate: Connector = manifest as Connector

export default replicate
