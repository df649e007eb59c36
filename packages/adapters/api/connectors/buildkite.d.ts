// @holdfast/adapters/connectors/buildkite

import { Connector } from '@holdfast/core'

export const buildkite: Connector

export { buildkite as default }
