// @holdfast/adapters/connectors/telnyx

import { Connector } from '@holdfast/core'

export const telnyx: Connector

export { telnyx as default }
