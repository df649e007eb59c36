// @holdfast/adapters/connectors/monday

import { Connector } from '@holdfast/core'

export const monday: Connector

export { monday as default }
