// @holdfast/adapters/connectors/linear

import { Connector } from '@holdfast/core'

export const linear: Connector

export { linear as default }
