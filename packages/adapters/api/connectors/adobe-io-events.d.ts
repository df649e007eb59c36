// @holdfast/adapters/connectors/adobe-io-events

import { Connector } from '@holdfast/core'

export const adobeIoEvents: Connector

export { adobeIoEvents as default }
