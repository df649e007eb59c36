// @holdfast/adapters/connectors/persona

import { Connector } from '@holdfast/core'

export const persona: Connector

export { persona as default }
