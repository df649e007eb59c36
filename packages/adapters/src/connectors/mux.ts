import type { Connector } from '@holdfast/core'
import manifest from './mux.json' with { type: 'json' }

/** Mux: webhooks of video assets and streams. */
const mux: Connector = manifest as Connector

export default mux
