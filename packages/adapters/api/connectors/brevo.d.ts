// @holdfast/adapters/connectors/brevo

import { Connector } from '@holdfast/core'

export const brevo: Connector

export { brevo as default }
