// @holdfast/adapters/connectors/clickup

import { Connector } from '@holdfast/core'

export const clickup: Connector

export { clickup as default }
