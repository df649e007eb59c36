import type { Connector } from '@holdfast/core'
import manifest from './sentry.json' with { type: 'json' }

/** Sentry: webhooks of the integration platform. Their `Request-ID` is of a request, and no id of the event. */
const sentry: Connector = manifest as Connector

export default sentry
