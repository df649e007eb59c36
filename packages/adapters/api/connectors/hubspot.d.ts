// @holdfast/adapters/connectors/hubspot

import { Connector } from '@holdfast/core'

export const hubspot: Connector

export { hubspot as default }
