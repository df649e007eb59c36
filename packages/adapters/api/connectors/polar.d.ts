// @holdfast/adapters/connectors/polar

import { Connector } from '@holdfast/core'

export const polar: Connector

export { polar as default }
