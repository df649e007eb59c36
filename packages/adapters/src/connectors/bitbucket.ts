import type { Connector } from '@holdfast/core'
import manifest from './bitbucket.json' with { type: 'json' }

/** Bitbucket Cloud: webhooks of repositories and workspaces. */
const bitbucket: Connector = manifest as Connector

export default bitbucket
