// @holdfast/adapters/connectors/xero

import { Connector } from '@holdfast/core'

export const xero: Connector

export { xero as default }
