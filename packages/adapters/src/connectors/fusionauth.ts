import type { Connector } from '@holdfast/core'
import manifest from './fusionauth.json' with { type: 'json' }

/** FusionAuth: a token with a hash of the body, signed with a shared key or one of the key set of your instance. */
const fusionAuth: Connector = manifest as Connector

export default fusionAuth
