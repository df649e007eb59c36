import type { Connector } from '@holdfast/core'
import manifest from './vonage.json' with { type: 'json' }

/** Vonage: a token with a hash of the body, signed with the signature secret of the account. */
const vonage: Connector = manifest as Connector

export default vonage
