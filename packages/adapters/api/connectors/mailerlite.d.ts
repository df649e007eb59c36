// @holdfast/adapters/connectors/mailerlite

import { Connector } from '@holdfast/core'

export const mailerlite: Connector

export { mailerlite as default }
