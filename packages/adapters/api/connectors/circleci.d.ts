// @holdfast/adapters/connectors/circleci

import { Connector } from '@holdfast/core'

export const circleci: Connector

export { circleci as default }
