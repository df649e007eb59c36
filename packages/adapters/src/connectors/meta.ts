import type { Connector } from '@holdfast/core'
import manifest from './meta.json' with { type: 'json' }

/** Meta: webhooks of the Graph API, among them those of Facebook, Instagram, WhatsApp, Messenger and Threads. */
const meta: Connector = manifest as Connector

export default meta
