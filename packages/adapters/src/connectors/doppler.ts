import type { Connector } from '@holdfast/core'
import manifest from './doppler.json' with { type: 'json' }

/** Doppler: webhooks of changed secrets. */
const doppler: Connector = manifest as Connector

export default doppler
