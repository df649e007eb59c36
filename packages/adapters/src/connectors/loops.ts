import type { Connector } from '@holdfast/core'
import manifest from './loops.json' with { type: 'json' }

/** Loops: webhooks of emails and contacts, as Standard Webhooks. */
const loops: Connector = manifest as Connector

export default loops
