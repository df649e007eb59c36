// @holdfast/adapters/connectors/zoom

import { Connector } from '@holdfast/core'

export const zoom: Connector

export { zoom as default }
