// @holdfast/adapters/connectors/mandrill

import { Connector } from '@holdfast/core'

export const mandrill: Connector

export { mandrill as default }
