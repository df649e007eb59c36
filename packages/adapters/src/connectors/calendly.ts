import type { Connector } from '@holdfast/core'
import manifest from './calendly.json' with { type: 'json' }

/** Calendly: webhooks of scheduling. */
const calendly: Connector = manifest as Connector

export default calendly
