import type { Connector } from '@holdfast/core'
import manifest from './klaviyo.json' with { type: 'json' }

/** Klaviyo: system webhooks. */
const klaviyo: Connector = manifest as Connector

export default klaviyo
