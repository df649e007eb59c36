import type { Connector } from '@holdfast/core'
import manifest from './elevenlabs.json' with { type: 'json' }

/** ElevenLabs: workspace webhooks. */
const elevenlabs: Connector = manifest as Connector

export default elevenlabs
