// @holdfast/adapters/connectors/slack

import { Connector } from '@holdfast/core'

export const slack: Connector

export { slack as default }
