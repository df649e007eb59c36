// @holdfast/adapters/connectors/dropbox

import { Connector } from '@holdfast/core'

export const dropbox: Connector

export { dropbox as default }
