// @holdfast/adapters/connectors/stytch

import { Connector } from '@holdfast/core'

export const stytch: Connector

export { stytch as default }
