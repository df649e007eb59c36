import type { Connector } from '@holdfast/core'
import manifest from './circleci.json' with { type: 'json' }

/** CircleCI: outbound webhooks. */
const circleci: Connector = manifest as Connector

export default circleci
