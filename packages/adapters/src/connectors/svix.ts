import type { Connector } from '@holdfast/core'
import manifest from './svix.json' with { type: 'json' }

/** Svix, with `svix-*` headers or the unbranded `webhook-*` ones. */
const svix: Connector = manifest as Connector

export default svix
