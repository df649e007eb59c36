import type { Connector } from '@holdfast/core'
import manifest from './monday.json' with { type: 'json' }

/** monday.com: a token for your URL, which says nothing of the body. */
const monday: Connector = manifest as Connector

export default monday
