import type { Connector } from '@holdfast/core'
import manifest from './ebay.json' with { type: 'json' }

/** eBay: ECDSA over the body, with a key that an authorized call gets by its id; the endpoint answers a challenge first. */
const ebay: Connector = manifest as Connector

export default ebay
