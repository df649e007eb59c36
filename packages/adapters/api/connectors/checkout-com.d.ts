// @holdfast/adapters/connectors/checkout-com

import { Connector } from '@holdfast/core'

export const checkoutCom: Connector

export { checkoutCom as default }
