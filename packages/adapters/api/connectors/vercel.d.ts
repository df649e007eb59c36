// @holdfast/adapters/connectors/vercel

import { Connector } from '@holdfast/core'

export const vercel: Connector

export { vercel as default }
