// @holdfast/adapters/connectors/svix

import { Connector } from '@holdfast/core'

export const svix: Connector

export { svix as default }
