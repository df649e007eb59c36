// @holdfast/adapters/connectors/incident-io

import { Connector } from '@holdfast/core'

export const incidentIo: Connector

export { incidentIo as default }
