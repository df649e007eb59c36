// @holdfast/adapters/connectors/paystack

import { Connector } from '@holdfast/core'

export const paystack: Connector

export { paystack as default }
