// @holdfast/adapters/connectors/coinbase-commerce

import { Connector } from '@holdfast/core'

export const coinbaseCommerce: Connector

export { coinbaseCommerce as default }
