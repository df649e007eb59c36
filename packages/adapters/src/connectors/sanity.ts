import type { Connector } from '@holdfast/core'
import manifest from './sanity.json' with { type: 'json' }

/** Sanity: GROQ-powered webhooks. */
const sanity: Connector = manifest as Connector

export default sanity
