// @holdfast/adapters/connectors/twitch

import { Connector } from '@holdfast/core'

export const twitch: Connector

export { twitch as default }
