// @holdfast/adapters/connectors/contentful

import { Connector } from '@holdfast/core'

export const contentful: Connector

export { contentful as default }
