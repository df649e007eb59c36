import type { HashProvider } from './hash-provider.ts'
import { nodeHashes } from './node-hashes.ts'
import { webHashes } from './web-hashes.ts'

/**
 * The fastest provider of this platform: `node:crypto` where the runtime has it (synchronous, several times faster on small
 * bodies), WebCrypto everywhere else.
 */
export function platformHashes(): HashProvider {
  return nodeHashes() ?? webHashes()
}
