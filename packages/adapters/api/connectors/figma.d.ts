// @holdfast/adapters/connectors/figma

import { Connector } from '@holdfast/core'

export const figma: Connector

export { figma as default }
