// @holdfast/adapters/connectors/jira

import { Connector } from '@holdfast/core'

export const jira: Connector

export { jira as default }
