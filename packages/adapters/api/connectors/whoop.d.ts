// @holdfast/adapters/connectors/whoop

import { Connector } from '@holdfast/core'

export const whoop: Connector

export { whoop as default }
