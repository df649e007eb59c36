import type { Connector } from '@holdfast/core'
import manifest from './prisjakt.json' with { type: 'json' }

/** Prisjakt: the calls of an hour for each API, with a reset in milliseconds, which only this rule can tell from seconds. */
const prisjakt: Connector = manifest as Connector

export default prisjakt
