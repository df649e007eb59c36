// @holdfast/adapters/connectors/render

import { Connector } from '@holdfast/core'

export const render: Connector

export { render as default }
