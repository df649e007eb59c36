// @holdfast/adapters/connectors/quickbooks

import { Connector } from '@holdfast/core'

export const quickbooks: Connector

export { quickbooks as default }
