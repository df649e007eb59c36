// @holdfast/adapters/connectors/fusionauth

import { Connector } from '@holdfast/core'

export const fusionAuth: Connector

export { fusionAuth as default }
