// @holdfast/adapters/connectors/square

import { Connector } from '@holdfast/core'

export const square: Connector

export { square as default }
