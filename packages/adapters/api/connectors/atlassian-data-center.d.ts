// @holdfast/adapters/connectors/atlassian-data-center

import { Connector } from '@holdfast/core'

export const atlassianDataCenter: Connector

export { atlassianDataCenter as default }
