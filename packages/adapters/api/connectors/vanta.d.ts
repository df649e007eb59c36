// @holdfast/adapters/connectors/vanta

import { Connector } from '@holdfast/core'

export const vanta: Connector

export { vanta as default }
