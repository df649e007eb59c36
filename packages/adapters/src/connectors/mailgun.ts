import type { Connector } from '@holdfast/core'
import manifest from './mailgun.json' with { type: 'json' }

/** Mailgun: webhooks of which the signature covers a time and a token, and nothing of the event. */
const mailgun: Connector = manifest as Connector

export default mailgun
