// @holdfast/adapters/connectors/notion

import { Connector } from '@holdfast/core'

export const notion: Connector

export { notion as default }
