import type { Connector } from '@holdfast/core'
import manifest from './zoom.json' with { type: 'json' }

/** Zoom: webhooks, and the challenge that Zoom repeats every 72 hours. */
const zoom: Connector = manifest as Connector

export default zoom
