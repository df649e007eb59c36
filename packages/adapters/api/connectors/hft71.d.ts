// @holdfast/adapters/connectors/hft71

import { Connector } from '@holdfast/core'

export const hft71: Connector

export { hft71 as default }
