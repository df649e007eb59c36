// @holdfast/adapters/connectors/webflow

import { Connector } from '@holdfast/core'

export const webflow: Connector

export { webflow as default }
