// @holdfast/adapters/connectors/cal-com

import { Connector } from '@holdfast/core'

export const calCom: Connector

export { calCom as default }
