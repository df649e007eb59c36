// @holdfast/adapters/connectors/plaid

import { Connector } from '@holdfast/core'

export const plaid: Connector

export { plaid as default }
