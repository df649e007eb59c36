import type { Connector } from '@holdfast/core'
import manifest from './mandrill.json' with { type: 'json' }

/** Mailchimp Transactional, once Mandrill: webhooks of messages. */
const mandrill: Connector = manifest as Connector

export default mandrill
