import type { Connector } from '@holdfast/core'
import manifest from './paypal.json' with { type: 'json' }

/** PayPal: RSA over id, time, your webhook's id and a CRC-32 of the body, which others can keep while they change the body. */
const paypal: Connector = manifest as Connector

export default paypal
