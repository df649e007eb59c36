// @holdfast/adapters/connectors/mailgun

import { Connector } from '@holdfast/core'

export const mailgun: Connector

export { mailgun as default }
