// @holdfast/adapters/connectors/woocommerce

import { Connector } from '@holdfast/core'

export const woocommerce: Connector

export { woocommerce as default }
