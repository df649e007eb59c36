import type { Connector } from '@holdfast/core'
import manifest from './mailerlite.json' with { type: 'json' }

/** MailerLite: the calls of a minute, whose end only `retry-after` tells. */
const mailerlite: Connector = manifest as Connector

export default mailerlite
