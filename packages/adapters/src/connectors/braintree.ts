import type { Connector } from '@holdfast/core'
import manifest from './braintree.json' with { type: 'json' }

/** Braintree: notifications in a form, with a signature for each key of the merchant. */
const braintree: Connector = manifest as Connector

export default braintree
