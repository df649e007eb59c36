import type { Connector } from '@holdfast/core'
import manifest from './livekit.json' with { type: 'json' }

/** LiveKit: a token with a hash of the body, signed with the secret of the API key. */
const liveKit: Connector = manifest as Connector

export default liveKit
