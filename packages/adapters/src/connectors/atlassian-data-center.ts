import type { Connector } from '@holdfast/core'
import manifest from './atlassian-data-center.json' with { type: 'json' }

/** Jira, Confluence and Crowd on one's own servers: a bucket of tokens for each user, whose next batch `retry-after` tells. */
const atlassianDataCenter: Connector = manifest as Connector

export default atlassianDataCenter
