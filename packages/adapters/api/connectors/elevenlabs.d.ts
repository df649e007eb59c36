// @holdfast/adapters/connectors/elevenlabs

import { Connector } from '@holdfast/core'

export const elevenlabs: Connector

export { elevenlabs as default }
