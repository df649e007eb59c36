import type { Connector } from '@holdfast/core'
import manifest from './azure-api-management.json' with { type: 'json' }

/** APIs behind Azure API Management: a 429 for a rate, a 403 with a time for a quota. */
const azureApiManagement: Connector = manifest as Connector

export default azureApiManagement
