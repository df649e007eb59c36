import type { Connector } from '@holdfast/core'
import manifest from './google.json' with { type: 'json' }

/** Google APIs: rate limits and used-up quotas that come as 403 with a reason. */
const google: Connector = manifest as Connector

export default google
