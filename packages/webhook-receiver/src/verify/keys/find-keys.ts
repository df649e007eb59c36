import { chain, type MaybePromise } from '../maybe-promise.ts'
import type { RequestReader } from '../request-reader.ts'
import { type NotVerified, notVerified } from '../verify-result.ts'
import type { DocumentKey } from './document-key.ts'
import type { KeyRing } from './key-ring.ts'
import type { KeyLocator } from './locate-key.ts'

/** The keys that may have signed a request. */
export interface FoundKeys {
  readonly keys: readonly DocumentKey[]
  /** The provider's name for the key: its id, or else where it is. */
  readonly id: string
}

/** Finds the keys that may have signed a request, or says why there are none. */
export type KeyFinder = (reader: RequestReader, keyId?: string) => MaybePromise<FoundKeys | NotVerified>

/** Prepares to find the keys of a provider that publishes them. */
export function compileKeyFinder(locate: KeyLocator, ring: KeyRing): KeyFinder {
  return (reader, keyId) => {
    const location = locate(reader, keyId)
    if (typeof location === 'string') return notVerified(location)
    const { receivedAt } = reader.request
    return chain(ring.find({ ...location, receivedAt }), (answer) => {
      if (answer.ok) return { keys: answer.keys, id: location.keyId ?? location.url }
      const { reason, ...rest } = answer
      return { ...notVerified(reason), ...rest }
    })
  }
}
