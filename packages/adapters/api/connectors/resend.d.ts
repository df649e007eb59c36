// @holdfast/adapters/connectors/resend

import { Connector } from '@holdfast/core'

export const resend: Connector

export { resend as default }
