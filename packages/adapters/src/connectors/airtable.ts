import type { Connector } from '@holdfast/core'
import manifest from './airtable.json' with { type: 'json' }

/** Airtable: five requests a second for each base, 30 seconds of silence for whoever exceeds that, and a monthly cap. */
const airtable: Connector = manifest as Connector

export default airtable
