// @holdfast/adapters/connectors/braintree

import { Connector } from '@holdfast/core'

export const braintree: Connector

export { braintree as default }
