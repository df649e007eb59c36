import type { Connector } from '@holdfast/core'
import manifest from './vercel.json' with { type: 'json' }

/** Vercel: account and integration webhooks, signed with SHA-1. */
const vercel: Connector = manifest as Connector

export default vercel
