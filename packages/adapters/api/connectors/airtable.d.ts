// @holdfast/adapters/connectors/airtable

import { Connector } from '@holdfast/core'

export const airtable: Connector

export { airtable as default }
