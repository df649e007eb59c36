// @holdfast/adapters/connectors/typeform

import { Connector } from '@holdfast/core'

export const typeform: Connector

export { typeform as default }
