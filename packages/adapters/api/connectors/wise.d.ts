// @holdfast/adapters/connectors/wise

import { Connector } from '@holdfast/core'

export const wise: Connector

export { wise as default }
