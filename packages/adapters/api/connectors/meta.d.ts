// @holdfast/adapters/connectors/meta

import { Connector } from '@holdfast/core'

export const meta: Connector

export { meta as default }
