import type { Connector } from '@holdfast/core'
import manifest from './clickup.json' with { type: 'json' }

/** ClickUp: webhooks of tasks, lists, folders, spaces and goals. */
const clickup: Connector = manifest as Connector

export default clickup
