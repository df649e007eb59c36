import type { Connector } from '@holdfast/core'
import manifest from './slack.json' with { type: 'json' }

/** Slack: failures that come as 200 with `ok: false`, and a limit for each method. */
const slack: Connector = manifest as Connector

export default slack
