// @holdfast/adapters/connectors/adyen-platform

import { Connector } from '@holdfast/core'

export const adyenPlatform: Connector

export { adyenPlatform as default }
