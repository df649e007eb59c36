import type { Connector } from '@holdfast/core'
import manifest from './plaid.json' with { type: 'json' }

/** Plaid: a token with a hash of the body, whose key an authorized call gets by its id. */
const plaid: Connector = manifest as Connector

export default plaid
