import type { Connector } from '@holdfast/core'
import manifest from './reddit.json' with { type: 'json' }

/** Reddit: what is left as a number with a fraction, and the seconds until it is restored. */
const reddit: Connector = manifest as Connector

export default reddit
