// @holdfast/adapters/connectors/google

import { Connector } from '@holdfast/core'

export const google: Connector

export { google as default }
