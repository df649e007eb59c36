// @holdfast/adapters/connectors/retell

import { Connector } from '@holdfast/core'

export const retell: Connector

export { retell as default }
