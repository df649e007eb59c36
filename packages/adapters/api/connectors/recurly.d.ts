// @holdfast/adapters/connectors/recurly

import { Connector } from '@holdfast/core'

export const recurly: Connector

export { recurly as default }
