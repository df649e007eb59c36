// @holdfast/adapters/connectors/calendly

import { Connector } from '@holdfast/core'

export const calendly: Connector

export { calendly as default }
