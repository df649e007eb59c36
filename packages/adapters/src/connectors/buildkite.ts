import type { Connector } from '@holdfast/core'
import manifest from './buildkite.json' with { type: 'json' }

/** Buildkite: pipeline webhooks, with a signature or with the token itself. */
const buildkite: Connector = manifest as Connector

export default buildkite
