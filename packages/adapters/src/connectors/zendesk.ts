import type { Connector } from '@holdfast/core'
import manifest from './zendesk.json' with { type: 'json' }

/** Zendesk: the limit of the account, and those that endpoints have beside it. */
const zendesk: Connector = manifest as Connector

export default zendesk
