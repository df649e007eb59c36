import type { Connector } from '@holdfast/core'
import manifest from './pagerduty.json' with { type: 'json' }

/** PagerDuty: V3 webhooks, signed with one key, or with two while a secret is changed. */
const pagerduty: Connector = manifest as Connector

export default pagerduty
