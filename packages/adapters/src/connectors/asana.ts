import type { Connector } from '@holdfast/core'
import manifest from './asana.json' with { type: 'json' }

/** Asana: limits whose end only `retry-after` tells, and 60 searches a minute. */
const asana: Connector = manifest as Connector

export default asana
