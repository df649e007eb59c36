import type { Connector } from '@holdfast/core'
import manifest from './trello.json' with { type: 'json' }

/** Trello: webhooks signed over the body and the callback URL. */
const trello: Connector = manifest as Connector

export default trello
