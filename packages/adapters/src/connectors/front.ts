import type { Connector } from '@holdfast/core'
import manifest from './front.json' with { type: 'json' }

/** Front: application webhooks. */
const front: Connector = manifest as Connector

export default front
