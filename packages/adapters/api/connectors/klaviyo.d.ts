// @holdfast/adapters/connectors/klaviyo

import { Connector } from '@holdfast/core'

export const klaviyo: Connector

export { klaviyo as default }
