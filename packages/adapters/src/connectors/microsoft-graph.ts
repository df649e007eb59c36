import type { Connector } from '@holdfast/core'
import manifest from './microsoft-graph.json' with { type: 'json' }

/** Microsoft Graph: throttling whose end only `retry-after` tells. */
const microsoftGraph: Connector = manifest as Connector

export default microsoftGraph
