import type { Connector } from '@holdfast/core'
import manifest from './http-message-signatures.json' with { type: 'json' }

/** HTTP message signatures (RFC 9421) of any sender that binds the body by `Content-Digest`. */
const httpMessageSignatures: Connector = manifest as Connector

export default httpMessageSignatures
