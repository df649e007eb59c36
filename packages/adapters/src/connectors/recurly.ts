import type { Connector } from '@holdfast/core'
import manifest from './recurly.json' with { type: 'json' }

/** Recurly: HMAC over time and body, one signature for each key that is valid. */
const recurly: Connector = manifest as Connector

export default recurly
