import type { Connector } from '@holdfast/core'
import manifest from './retell.json' with { type: 'json' }

/** Retell AI: webhooks of calls. */
const retell: Connector = manifest as Connector

export default retell
