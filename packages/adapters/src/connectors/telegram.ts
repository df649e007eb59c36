import type { Connector } from '@holdfast/core'
import manifest from './telegram.json' with { type: 'json' }

/** Telegram: updates of a bot. */
const telegram: Connector = manifest as Connector

export default telegram
