import type { Connector } from '@holdfast/core'
import manifest from './attio.json' with { type: 'json' }

/** Attio: webhooks of records, lists, notes and tasks. */
const attio: Connector = manifest as Connector

export default attio
