import type { Connector } from '@holdfast/core'
import manifest from './persona.json' with { type: 'json' }

/** Persona: webhooks of inquiries, verifications and reports. */
const persona: Connector = manifest as Connector

export default persona
