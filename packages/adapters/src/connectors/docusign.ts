import type { Connector } from '@holdfast/core'
import manifest from './docusign.json' with { type: 'json' }

/** Docusign: Connect messages, signed once for each key of the account. */
const docusign: Connector = manifest as Connector

export default docusign
