// @holdfast/adapters/connectors/sendgrid

import { Connector } from '@holdfast/core'

export const sendgrid: Connector

export { sendgrid as default }
