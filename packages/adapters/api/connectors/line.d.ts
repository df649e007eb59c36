// @holdfast/adapters/connectors/line

import { Connector } from '@holdfast/core'

export const line: Connector

export { line as default }
