// @holdfast/adapters/connectors/doppler

import { Connector } from '@holdfast/core'

export const doppler: Connector

export { doppler as default }
