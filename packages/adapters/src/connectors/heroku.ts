import type { Connector } from '@holdfast/core'
import manifest from './heroku.json' with { type: 'json' }

/** Heroku: app webhooks. */
const heroku: Connector = manifest as Connector

export default heroku
