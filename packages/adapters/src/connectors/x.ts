import type { Connector } from '@holdfast/core'
import manifest from './x.json' with { type: 'json' }

/** X: a window of 15 minutes for each endpoint, limits of the day, and a monthly cap that is no rate limit. */
const x: Connector = manifest as Connector

export default x
