import type { Connector } from '@holdfast/core'
import manifest from './webflow.json' with { type: 'json' }

/** Webflow: webhooks made through the API. */
const webflow: Connector = manifest as Connector

export default webflow
