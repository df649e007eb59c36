// @holdfast/adapters/connectors/grafana

import { Connector } from '@holdfast/core'

export const grafana: Connector

export { grafana as default }
