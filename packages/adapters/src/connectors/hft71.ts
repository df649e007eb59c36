import type { Connector } from '@holdfast/core'
import manifest from './hft71.json' with { type: 'json' }

/** HFT71: a shared secret in a header or in the body. It proves the sender and covers nothing of the request. */
const hft71: Connector = manifest as Connector

export default hft71
