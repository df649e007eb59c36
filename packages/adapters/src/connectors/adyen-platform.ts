import type { Connector } from '@holdfast/core'
import manifest from './adyen-platform.json' with { type: 'json' }

/** Adyen: webhooks of platforms, banking and management, signed over the whole body. */
const adyenPlatform: Connector = manifest as Connector

export default adyenPlatform
