// @holdfast/adapters/connectors/reddit

import { Connector } from '@holdfast/core'

export const reddit: Connector

export { reddit as default }
