import type { Connector } from '@holdfast/core'
import manifest from './box.json' with { type: 'json' }

/** Box: V2 webhooks, signed with a primary and a secondary key. */
const box: Connector = manifest as Connector

export default box
