// @holdfast/adapters/connectors/plivo

import { Connector } from '@holdfast/core'

export const plivo: Connector

export { plivo as default }
