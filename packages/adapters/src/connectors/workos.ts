import type { Connector } from '@holdfast/core'
import manifest from './workos.json' with { type: 'json' }

/** WorkOS: webhooks of directories, users and connections. */
const workos: Connector = manifest as Connector

export default workos
