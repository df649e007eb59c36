import type { Connector } from '@holdfast/core'
import manifest from './telnyx.json' with { type: 'json' }

/** Telnyx: Ed25519 over the time and the body, with the public key of the account. */
const telnyx: Connector = manifest as Connector

export default telnyx
