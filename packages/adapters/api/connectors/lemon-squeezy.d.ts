// @holdfast/adapters/connectors/lemon-squeezy

import { Connector } from '@holdfast/core'

export const lemonSqueezy: Connector

export { lemonSqueezy as default }
