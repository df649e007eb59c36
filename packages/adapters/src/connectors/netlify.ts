import type { Connector } from '@holdfast/core'
import manifest from './netlify.json' with { type: 'json' }

/** Netlify: a token with a hash of the body, which says nothing of the time. */
const netlify: Connector = manifest as Connector

export default netlify
