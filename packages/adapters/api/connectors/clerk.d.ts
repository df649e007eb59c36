// @holdfast/adapters/connectors/clerk

import { Connector } from '@holdfast/core'

export const clerk: Connector

export { clerk as default }
