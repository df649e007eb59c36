import type { Connector } from '@holdfast/core'
import manifest from './microsoft-teams.json' with { type: 'json' }

/** Microsoft Teams: outgoing webhooks. */
const microsoftTeams: Connector = manifest as Connector

export default microsoftTeams
