import type { Connector } from '@holdfast/core'
import manifest from './typeform.json' with { type: 'json' }

/** Typeform: webhooks of form responses. */
const typeform: Connector = manifest as Connector

export default typeform
