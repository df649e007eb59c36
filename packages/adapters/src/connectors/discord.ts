import type { Connector } from '@holdfast/core'
import manifest from './discord.json' with { type: 'json' }

/** Discord: limits per route and per guild, channel or webhook, a global one, and 429s that say which it was. */
const discord: Connector = manifest as Connector

export default discord
