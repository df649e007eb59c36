// @holdfast/adapters/connectors/postmark

import { Connector } from '@holdfast/core'

export const postmark: Connector

export { postmark as default }
