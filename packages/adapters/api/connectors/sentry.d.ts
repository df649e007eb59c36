// @holdfast/adapters/connectors/sentry

import { Connector } from '@holdfast/core'

export const sentry: Connector

export { sentry as default }
