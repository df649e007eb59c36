// @holdfast/adapters/connectors/twilio

import { Connector } from '@holdfast/core'

export const twilio: Connector

export { twilio as default }
