// @holdfast/adapters/connectors/telegram

import { Connector } from '@holdfast/core'

export const telegram: Connector

export { telegram as default }
