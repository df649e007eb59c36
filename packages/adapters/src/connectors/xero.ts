import type { Connector } from '@holdfast/core'
import manifest from './xero.json' with { type: 'json' }

/** Xero: five calls at a time, 60 a minute and so many a day for each organisation. */
const xero: Connector = manifest as Connector

export default xero
