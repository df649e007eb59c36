import type { Connector } from '@holdfast/core'
import manifest from './lemon-squeezy.json' with { type: 'json' }

/** Lemon Squeezy: webhooks of a store. */
const lemonSqueezy: Connector = manifest as Connector

export default lemonSqueezy
