// @holdfast/adapters/connectors/standard-webhooks-asymmetric

import { Connector } from '@holdfast/core'

export const standardWebhooksAsymmetric: Connector

export { standardWebhooksAsymmetric as default }
