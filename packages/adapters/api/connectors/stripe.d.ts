// @holdfast/adapters/connectors/stripe

import { Connector } from '@holdfast/core'

export const stripe: Connector

export { stripe as default }
