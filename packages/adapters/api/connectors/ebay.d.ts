// @holdfast/adapters/connectors/ebay

import { Connector } from '@holdfast/core'

export const ebay: Connector

export { ebay as default }
