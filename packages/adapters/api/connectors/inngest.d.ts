// @holdfast/adapters/connectors/inngest

import { Connector } from '@holdfast/core'

export const inngest: Connector

export { inngest as default }
