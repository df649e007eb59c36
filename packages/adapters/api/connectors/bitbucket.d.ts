// @holdfast/adapters/connectors/bitbucket

import { Connector } from '@holdfast/core'

export const bitbucket: Connector

export { bitbucket as default }
