import type { BodyHash } from '@holdfast/core'
import type { HashProvider } from './hash-provider.ts'
import { chain, type MaybePromise } from './maybe-promise.ts'
import type { RequestReader } from './request-reader.ts'
import { decoders } from './signature-encoding.ts'
import { duplicateReason, missingReason } from './signature-source.ts'
import type { VerifyFailureReason } from './verify-result.ts'

/** Says why the hash of the body that a request carries does not fit; `undefined`: it does. */
export type BodyHashCheck = (reader: RequestReader) => MaybePromise<VerifyFailureReason | undefined>

/** Prepares the check of a hash of the body that stands in what is signed. */
export function compileBodyHash(source: BodyHash, hashes: HashProvider): BodyHashCheck {
  const decode = decoders[source.encoding]
  return (reader) => {
    const values = reader.values(source)
    if (values.length > 1) return duplicateReason(source.from)
    const [text] = values
    if (text === undefined) return missingReason(source.from)
    const expected = decode(text)
    if (expected === undefined) return 'body_mismatch'
    return chain(hashes.digest(source.hash, [reader.request.body]), (digest) =>
      hashes.equal(digest, expected) ? undefined : 'body_mismatch',
    )
  }
}
