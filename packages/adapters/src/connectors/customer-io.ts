import type { Connector } from '@holdfast/core'
import manifest from './customer-io.json' with { type: 'json' }

/** Customer.io: reporting webhooks. */
const customerIo: Connector = manifest as Connector

export default customerIo
