// @holdfast/adapters/connectors/livekit

import { Connector } from '@holdfast/core'

export const liveKit: Connector

export { liveKit as default }
