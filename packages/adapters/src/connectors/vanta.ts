import type { Connector } from '@holdfast/core'
import manifest from './vanta.json' with { type: 'json' }

/** Vanta: sent by Svix, with its signature over id, time and body. */
const vanta: Connector = manifest as Connector

export default vanta
