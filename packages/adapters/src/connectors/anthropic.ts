import type { Connector } from '@holdfast/core'
import manifest from './anthropic.json' with { type: 'json' }

/** Anthropic: requests and tokens that come back evenly, a 529 for overload, and spend limits that come as 429 and 400. */
const anthropic: Connector = manifest as Connector

export default anthropic
