// @holdfast/adapters/connectors/mollie

import { Connector } from '@holdfast/core'

export const mollie: Connector

export { mollie as default }
