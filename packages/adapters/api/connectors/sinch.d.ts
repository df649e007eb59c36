// @holdfast/adapters/connectors/sinch

import { Connector } from '@holdfast/core'

export const sinch: Connector

export { sinch as default }
