import type { Connector } from '@holdfast/core'
import manifest from './sendgrid.json' with { type: 'json' }

/** SendGrid: a limit for each endpoint, and a 401 that means that the credits are used up. */
const sendgrid: Connector = manifest as Connector

export default sendgrid
