import type { Connector } from '@holdfast/core'
import manifest from './whoop.json' with { type: 'json' }

/** WHOOP: the requests of a minute and of a day for the whole app, of which each answer tells the one that is closer to its end. */
const whoop: Connector = manifest as Connector

export default whoop
