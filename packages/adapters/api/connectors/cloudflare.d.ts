// @holdfast/adapters/connectors/cloudflare

import { Connector } from '@holdfast/core'

export const cloudflare: Connector

export { cloudflare as default }
