import type { Connector } from '@holdfast/core'
import manifest from './incident-io.json' with { type: 'json' }

/** incident.io: webhooks of incidents, alerts and schedules, sent by Svix. */
const incidentIo: Connector = manifest as Connector

export default incidentIo
