// @holdfast/adapters/connectors/shopify

import { Connector } from '@holdfast/core'

export const shopify: Connector

export { shopify as default }
