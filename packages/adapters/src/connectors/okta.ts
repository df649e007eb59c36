import type { Connector } from '@holdfast/core'
import manifest from './okta.json' with { type: 'json' }

/** Okta: event hooks, which show a fixed authorization header. */
const okta: Connector = manifest as Connector

export default okta
