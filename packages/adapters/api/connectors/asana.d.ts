// @holdfast/adapters/connectors/asana

import { Connector } from '@holdfast/core'

export const asana: Connector

export { asana as default }
