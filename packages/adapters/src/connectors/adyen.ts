import type { Connector } from '@holdfast/core'
import manifest from './adyen.json' with { type: 'json' }

/** Adyen: payment notifications, signed item by item over eight of their fields. */
const adyen: Connector = manifest as Connector

export default adyen
