import type { Connector } from '@holdfast/core'
import manifest from './grafana.json' with { type: 'json' }

/** Grafana: HMAC over the alert, and over the time where the timestamp header is set to `X-Grafana-Alerting-Timestamp`. */
const grafana: Connector = manifest as Connector

export default grafana
