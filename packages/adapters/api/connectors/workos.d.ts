// @holdfast/adapters/connectors/workos

import { Connector } from '@holdfast/core'

export const workos: Connector

export { workos as default }
