import type { Connector } from '@holdfast/core'
import manifest from './notion.json' with { type: 'json' }

/** Notion: limits whose end only `retry-after` tells, and a 529 that refuses before any work is done. */
const notion: Connector = manifest as Connector

export default notion
