// @holdfast/adapters/connectors/openai

import { Connector } from '@holdfast/core'

export const openai: Connector

export { openai as default }
