import type { WebhookField } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import type { HashProvider } from '../../src/verify/hash-provider.ts'
import { createKeyAccess } from '../../src/verify/keys/key-access.ts'
import { nodeSignatures } from '../../src/verify/node-signatures.ts'
import type { SchemeSetup } from '../../src/verify/scheme.ts'

/** What a scheme is compiled with where nothing is fetched. */
export function setupOf(hashes: HashProvider, eventId?: WebhookField): SchemeSetup {
  return {
    hashes,
    signatures: nodeSignatures()!,
    keys: createKeyAccess({
      connector: 'sample',
      keys: undefined,
      keyUrl: undefined,
      clock: fakeClock(),
      at: (key) => key,
    }),
    eventId,
    toleranceMs: undefined,
  }
}
