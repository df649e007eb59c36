import type { Connector } from '@holdfast/core'
import manifest from './github.json' with { type: 'json' }

/** GitHub: webhook signatures (`x-hub-signature-256`), and what its 403s and 200s really mean. */
const github: Connector = manifest as Connector

export default github
