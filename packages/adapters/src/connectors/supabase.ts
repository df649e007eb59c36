import type { Connector } from '@holdfast/core'
import manifest from './supabase.json' with { type: 'json' }

/** Supabase: HTTP hooks of Auth, as Standard Webhooks with a list of its own kind. */
const supabase: Connector = manifest as Connector

export default supabase
