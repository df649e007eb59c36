import type { Connector } from '@holdfast/core'
import manifest from './resend.json' with { type: 'json' }

/** Resend: webhooks sent by Svix. */
const resend: Connector = manifest as Connector

export default resend
