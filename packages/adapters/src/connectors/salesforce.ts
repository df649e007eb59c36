import type { Connector } from '@holdfast/core'
import manifest from './salesforce.json' with { type: 'json' }

/** Salesforce: the daily requests of the organisation, and the 403s that say that they are used up. */
const salesforce: Connector = manifest as Connector

export default salesforce
