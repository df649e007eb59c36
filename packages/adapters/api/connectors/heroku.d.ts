// @holdfast/adapters/connectors/heroku

import { Connector } from '@holdfast/core'

export const heroku: Connector

export { heroku as default }
