// @holdfast/adapters/connectors/attio

import { Connector } from '@holdfast/core'

export const attio: Connector

export { attio as default }
