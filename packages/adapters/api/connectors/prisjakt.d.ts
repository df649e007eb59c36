// @holdfast/adapters/connectors/prisjakt

import { Connector } from '@holdfast/core'

export const prisjakt: Connector

export { prisjakt as default }
