// @holdfast/adapters/connectors/microsoft-teams

import { Connector } from '@holdfast/core'

export const microsoftTeams: Connector

export { microsoftTeams as default }
