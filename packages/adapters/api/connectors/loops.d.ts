// @holdfast/adapters/connectors/loops

import { Connector } from '@holdfast/core'

export const loops: Connector

export { loops as default }
