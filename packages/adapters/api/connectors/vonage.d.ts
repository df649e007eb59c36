// @holdfast/adapters/connectors/vonage

import { Connector } from '@holdfast/core'

export const vonage: Connector

export { vonage as default }
