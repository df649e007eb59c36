import type { Connector } from '@holdfast/core'
import manifest from './xendit.json' with { type: 'json' }

/** Xendit: sliding windows of a minute for each endpoint, with resets in fractions of a second. */
const xendit: Connector = manifest as Connector

export default xendit
