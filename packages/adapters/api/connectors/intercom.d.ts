// @holdfast/adapters/connectors/intercom

import { Connector } from '@holdfast/core'

export const intercom: Connector

export { intercom as default }
