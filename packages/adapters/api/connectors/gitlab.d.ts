// @holdfast/adapters/connectors/gitlab

import { Connector } from '@holdfast/core'

export const gitlab: Connector

export { gitlab as default }
