import type { Connector } from '@holdfast/core'
import manifest from './hookdeck.json' with { type: 'json' }

/** Hookdeck: events that the Event Gateway forwards. */
const hookdeck: Connector = manifest as Connector

export default hookdeck
