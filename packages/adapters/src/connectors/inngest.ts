import type { Connector } from '@holdfast/core'
import manifest from './inngest.json' with { type: 'json' }

/** Inngest: requests that invoke the functions of an application. */
const inngest: Connector = manifest as Connector

export default inngest
