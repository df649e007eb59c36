import type { Connector } from '@holdfast/core'
import manifest from './intercom.json' with { type: 'json' }

/** Intercom: the requests of a minute, handed out in windows of ten seconds. */
const intercom: Connector = manifest as Connector

export default intercom
