// @holdfast/adapters/connectors/box

import { Connector } from '@holdfast/core'

export const box: Connector

export { box as default }
