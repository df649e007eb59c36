import { nodeSignatures } from './node-signatures.ts'
import type { SignatureProvider } from './signature-provider.ts'
import { webSignatures } from './web-signatures.ts'

/** `node:crypto` where the runtime has it, which is synchronous; WebCrypto everywhere else. */
export function platformSignatures(): SignatureProvider {
  return nodeSignatures() ?? webSignatures()
}
