// @holdfast/adapters/connectors/http-message-signatures

import { Connector } from '@holdfast/core'

export const httpMessageSignatures: Connector

export { httpMessageSignatures as default }
