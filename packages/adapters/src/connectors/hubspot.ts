import type { Connector } from '@holdfast/core'
import manifest from './hubspot.json' with { type: 'json' }

/** HubSpot: a window that the headers tell, a daily one, and the policy that a 429 names. */
const hubspot: Connector = manifest as Connector

export default hubspot
