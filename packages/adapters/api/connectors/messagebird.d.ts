// @holdfast/adapters/connectors/messagebird

import { Connector } from '@holdfast/core'

export const messageBird: Connector

export { messageBird as default }
