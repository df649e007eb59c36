import type { Connector } from '@holdfast/core'
import manifest from './nylas.json' with { type: 'json' }

/** Nylas: webhook notifications. With compressed delivery the signature covers the compressed bytes. */
const nylas: Connector = manifest as Connector

export default nylas
