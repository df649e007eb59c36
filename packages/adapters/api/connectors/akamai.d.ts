// @holdfast/adapters/connectors/akamai

import { Connector } from '@holdfast/core'

export const akamai: Connector

export { akamai as default }
