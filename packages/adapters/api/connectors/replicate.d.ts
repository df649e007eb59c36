// @holdfast/adapters/connectors/replicate

import { Connector } from '@holdfast/core'

export const replicate: Connector

export { replicate as default }
