// @holdfast/adapters/connectors/x

import { Connector } from '@holdfast/core'

export const x: Connector

export { x as default }
