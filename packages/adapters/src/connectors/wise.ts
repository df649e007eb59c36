import type { Connector } from '@holdfast/core'
import manifest from './wise.json' with { type: 'json' }

/** Wise: RSA over the body, with the public key that Wise publishes for each environment. */
const wise: Connector = manifest as Connector

export default wise
