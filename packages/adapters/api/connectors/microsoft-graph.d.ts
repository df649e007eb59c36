// @holdfast/adapters/connectors/microsoft-graph

import { Connector } from '@holdfast/core'

export const microsoftGraph: Connector

export { microsoftGraph as default }
