// @holdfast/adapters/connectors/gocardless

import { Connector } from '@holdfast/core'

export const gocardless: Connector

export { gocardless as default }
