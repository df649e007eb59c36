// @holdfast/adapters/connectors/netlify

import { Connector } from '@holdfast/core'

export const netlify: Connector

export { netlify as default }
