// @holdfast/adapters/connectors/paddle

import { Connector } from '@holdfast/core'

export const paddle: Connector

export { paddle as default }
