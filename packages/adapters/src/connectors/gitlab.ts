import type { Connector } from '@holdfast/core'
import manifest from './gitlab.json' with { type: 'json' }

/** GitLab: the signing token where a signature is sent, else the secret token, which proves only the sender. */
const gitlab: Connector = manifest as Connector

export default gitlab
