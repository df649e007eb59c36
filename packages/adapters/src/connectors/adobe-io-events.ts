import type { Connector } from '@holdfast/core'
import manifest from './adobe-io-events.json' with { type: 'json' }

/** Adobe I/O Events: RSA over the body, for the client that is yours, with a key whose path the request names. */
const adobeIoEvents: Connector = manifest as Connector

export default adobeIoEvents
