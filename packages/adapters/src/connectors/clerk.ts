import type { Connector } from '@holdfast/core'
import manifest from './clerk.json' with { type: 'json' }

/** Clerk: webhooks sent by Svix. */
const clerk: Connector = manifest as Connector

export default clerk
