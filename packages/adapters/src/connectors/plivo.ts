import type { Connector } from '@holdfast/core'
import manifest from './plivo.json' with { type: 'json' }

/** Plivo: requests for calls and messages, with signature V3. */
const plivo: Connector = manifest as Connector

export default plivo
