import type { Connector } from '@holdfast/core'
import manifest from './quickbooks.json' with { type: 'json' }

/** QuickBooks Online: webhooks of data changes. */
const quickbooks: Connector = manifest as Connector

export default quickbooks
