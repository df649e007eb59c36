// @holdfast/adapters/connectors/salesforce

import { Connector } from '@holdfast/core'

export const salesforce: Connector

export { salesforce as default }
