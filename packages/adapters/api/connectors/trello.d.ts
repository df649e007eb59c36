// @holdfast/adapters/connectors/trello

import { Connector } from '@holdfast/core'

export const trello: Connector

export { trello as default }
