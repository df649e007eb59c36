// @holdfast/adapters/connectors/hookdeck

import { Connector } from '@holdfast/core'

export const hookdeck: Connector

export { hookdeck as default }
