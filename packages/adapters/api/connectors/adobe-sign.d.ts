// @holdfast/adapters/connectors/adobe-sign

import { Connector } from '@holdfast/core'

export const adobeSign: Connector

export { adobeSign as default }
