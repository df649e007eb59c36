// @holdfast/adapters/connectors/azure-openai

import { Connector } from '@holdfast/core'

export const azureOpenai: Connector

export { azureOpenai as default }
