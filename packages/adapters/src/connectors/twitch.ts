import type { Connector } from '@holdfast/core'
import manifest from './twitch.json' with { type: 'json' }

/** Twitch: EventSub over webhooks. */
const twitch: Connector = manifest as Connector

export default twitch
