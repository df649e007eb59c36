// @holdfast/adapters/connectors/okta

import { Connector } from '@holdfast/core'

export const okta: Connector

export { okta as default }
