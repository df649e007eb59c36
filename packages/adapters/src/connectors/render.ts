import type { Connector } from '@holdfast/core'
import manifest from './render.json' with { type: 'json' }

/** Render: webhooks of services, as Standard Webhooks. */
const render: Connector = manifest as Connector

export default render
