// @holdfast/adapters/connectors/pagerduty

import { Connector } from '@holdfast/core'

export const pagerduty: Connector

export { pagerduty as default }
