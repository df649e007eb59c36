// @holdfast/adapters/connectors/anthropic

import { Connector } from '@holdfast/core'

export const anthropic: Connector

export { anthropic as default }
