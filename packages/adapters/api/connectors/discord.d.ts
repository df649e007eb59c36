// @holdfast/adapters/connectors/discord

import { Connector } from '@holdfast/core'

export const discord: Connector

export { discord as default }
