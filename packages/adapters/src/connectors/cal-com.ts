import type { Connector } from '@holdfast/core'
import manifest from './cal-com.json' with { type: 'json' }

/** Cal.com: webhooks of bookings. */
const calCom: Connector = manifest as Connector

export default calCom
