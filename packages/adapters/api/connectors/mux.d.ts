// @holdfast/adapters/connectors/mux

import { Connector } from '@holdfast/core'

export const mux: Connector

export { mux as default }
