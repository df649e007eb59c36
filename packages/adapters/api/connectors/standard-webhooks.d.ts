// @holdfast/adapters/connectors/standard-webhooks

import { Connector } from '@holdfast/core'

export const standardWebhooks: Connector

export { standardWebhooks as default }
