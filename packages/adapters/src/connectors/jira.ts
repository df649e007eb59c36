import type { Connector } from '@holdfast/core'
import manifest from './jira.json' with { type: 'json' }

/** Jira Cloud: three kinds of limits at once, and the header that says which of them a 429 means. */
const jira: Connector = manifest as Connector

export default jira
