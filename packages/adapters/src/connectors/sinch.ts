import type { Connector } from '@holdfast/core'
import manifest from './sinch.json' with { type: 'json' }

/** Sinch: callbacks of the Conversation API. */
const sinch: Connector = manifest as Connector

export default sinch
