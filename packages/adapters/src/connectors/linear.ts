import type { Connector } from '@holdfast/core'
import manifest from './linear.json' with { type: 'json' }

/** Linear: requests and complexity that come back evenly, and a RATELIMITED that comes as 400. */
const linear: Connector = manifest as Connector

export default linear
