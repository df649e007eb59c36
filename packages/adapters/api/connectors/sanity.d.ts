// @holdfast/adapters/connectors/sanity

import { Connector } from '@holdfast/core'

export const sanity: Connector

export { sanity as default }
