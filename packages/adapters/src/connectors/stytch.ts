import type { Connector } from '@holdfast/core'
import manifest from './stytch.json' with { type: 'json' }

/** Stytch: sent by Svix, with its signature over id, time and body. */
const stytch: Connector = manifest as Connector

export default stytch
