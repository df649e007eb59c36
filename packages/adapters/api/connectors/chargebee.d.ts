// @holdfast/adapters/connectors/chargebee

import { Connector } from '@holdfast/core'

export const chargebee: Connector

export { chargebee as default }
