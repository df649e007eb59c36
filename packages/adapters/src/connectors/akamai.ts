import type { Connector } from '@holdfast/core'
import manifest from './akamai.json' with { type: 'json' }

/** Akamai: limits of each API, of which `x-ratelimit-next` tells when one more call may come. */
const akamai: Connector = manifest as Connector

export default akamai
