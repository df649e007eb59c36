import type { Connector } from '@holdfast/core'
import manifest from './adobe-sign.json' with { type: 'json' }

/** Adobe Acrobat Sign: the client id of your application, which every request shows and every answer repeats. */
const adobeSign: Connector = manifest as Connector

export default adobeSign
