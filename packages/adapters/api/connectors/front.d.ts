// @holdfast/adapters/connectors/front

import { Connector } from '@holdfast/core'

export const front: Connector

export { front as default }
