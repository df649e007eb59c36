import type { Connector } from '@holdfast/core'
import manifest from './twilio.json' with { type: 'json' }

/** Twilio: too many requests at a time, and codes that say more than their status. */
const twilio: Connector = manifest as Connector

export default twilio
