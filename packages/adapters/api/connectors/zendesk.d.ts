// @holdfast/adapters/connectors/zendesk

import { Connector } from '@holdfast/core'

export const zendesk: Connector

export { zendesk as default }
