// @holdfast/adapters/connectors/customer-io

import { Connector } from '@holdfast/core'

export const customerIo: Connector

export { customerIo as default }
