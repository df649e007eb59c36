import type { Connector } from '@holdfast/core'
import manifest from './contentful.json' with { type: 'json' }

/** Contentful: webhooks with request verification, which covers method, path, listed headers and body. */
const contentful: Connector = manifest as Connector

export default contentful
