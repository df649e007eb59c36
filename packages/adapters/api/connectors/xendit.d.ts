// @holdfast/adapters/connectors/xendit

import { Connector } from '@holdfast/core'

export const xendit: Connector

export { xendit as default }
