import type { Connector } from '@holdfast/core'
import manifest from './dropbox.json' with { type: 'json' }

/** Dropbox: the wait that the body tells, and a 409 for everything that an endpoint refuses. */
const dropbox: Connector = manifest as Connector

export default dropbox
