// @holdfast/adapters/connectors/aws-sns

import { Connector } from '@holdfast/core'

export const awsSns: Connector

export { awsSns as default }
