// @holdfast/adapters/connectors/docusign

import { Connector } from '@holdfast/core'

export const docusign: Connector

export { docusign as default }
