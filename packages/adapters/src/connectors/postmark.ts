import type { Connector } from '@holdfast/core'
import manifest from './postmark.json' with { type: 'json' }

/** Postmark: webhooks with basic authentication in their URL. */
const postmark: Connector = manifest as Connector

export default postmark
