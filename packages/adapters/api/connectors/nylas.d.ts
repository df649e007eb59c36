// @holdfast/adapters/connectors/nylas

import { Connector } from '@holdfast/core'

export const nylas: Connector

export { nylas as default }
