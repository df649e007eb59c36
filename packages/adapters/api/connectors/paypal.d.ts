// @holdfast/adapters/connectors/paypal

import { Connector } from '@holdfast/core'

export const paypal: Connector

export { paypal as default }
