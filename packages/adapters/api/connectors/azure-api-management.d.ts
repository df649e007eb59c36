// @holdfast/adapters/connectors/azure-api-management

import { Connector } from '@holdfast/core'

export const azureApiManagement: Connector

export { azureApiManagement as default }
