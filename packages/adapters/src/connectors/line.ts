import type { Connector } from '@holdfast/core'
import manifest from './line.json' with { type: 'json' }

/** LINE: Messaging API webhooks. */
const line: Connector = manifest as Connector

export default line
