import type { Connector } from '@holdfast/core'
import manifest from './square.json' with { type: 'json' }

/** Square: webhooks signed over the notification URL and the body. */
const square: Connector = manifest as Connector

export default square
