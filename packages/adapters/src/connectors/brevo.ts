import type { Connector } from '@holdfast/core'
import manifest from './brevo.json' with { type: 'json' }

/** Brevo: limits of each endpoint, in headers of its own and without a `retry-after`. */
const brevo: Connector = manifest as Connector

export default brevo
