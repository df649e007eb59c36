import type { Connector } from '@holdfast/core'
import manifest from './cloudflare.json' with { type: 'json' }

/** Cloudflare: 1200 requests in five minutes, told in the fields of the IETF draft. */
const cloudflare: Connector = manifest as Connector

export default cloudflare
