// @holdfast/adapters/connectors/adyen

import { Connector } from '@holdfast/core'

export const adyen: Connector

export { adyen as default }
