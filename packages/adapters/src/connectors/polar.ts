import type { Connector } from '@holdfast/core'
import manifest from './polar.json' with { type: 'json' }

/** Polar: Standard Webhooks, of which the secret is taken as text. */
const polar: Connector = manifest as Connector

export default polar
