import type { Connector } from '@holdfast/core'
import manifest from './messagebird.json' with { type: 'json' }

/** MessageBird (Bird): a token with hashes of the URL and of the body. */
const messageBird: Connector = manifest as Connector

export default messageBird
