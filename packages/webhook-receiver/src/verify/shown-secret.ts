import type { VerificationScheme } from '@holdfast/core'
import { utf8ByteString } from './encoding.ts'
import { allOf, chain, type MaybePromise } from './maybe-promise.ts'
import type { RequestReader } from './request-reader.ts'
import type { CompiledScheme, SchemeSetup } from './scheme.ts'
import { notVerified, type VerifyFailureReason, type VerifyResult } from './verify-result.ts'
import { type CheckedSecret, isValidAt } from './webhook-secret.ts'

/** Reads the secret that a request shows, as a byte string. */
export type ShownSecretReader = (reader: RequestReader) => { readonly bytes: string } | VerifyFailureReason

/**
 * Prepares a scheme in which the sender shows the secret itself. Secrets are hashed before they are compared, so that the time
 * tells neither their content nor their length.
 */
export function compileShownSecret(
  kind: VerificationScheme['scheme'],
  read: ShownSecretReader,
  secrets: readonly CheckedSecret[],
  { hashes, eventId }: SchemeSetup,
): CompiledScheme {
  let expected: MaybePromise<readonly Uint8Array[]> | undefined

  const digests = (): MaybePromise<readonly Uint8Array[]> => {
    expected ??= allOf(secrets.map(({ value }) => hashes.digest('sha256', [utf8ByteString(value)])))
    return expected
  }

  const judge = (digest: Uint8Array, candidates: readonly Uint8Array[], receivedAt: number): VerifyResult => {
    // Every secret is compared, so that time does not tell which one fitted.
    const fits = candidates.map((candidate) => hashes.equal(candidate, digest))
    const fitting = secrets.find((secret, index) => fits[index] && isValidAt(secret, receivedAt))
    if (fitting === undefined) return notVerified('mismatch')
    const { keyIndex, id } = fitting
    return {
      ok: true,
      scheme: kind,
      bound: [],
      strength: 'token',
      keyIndex,
      ...(id === undefined ? undefined : { keyId: id }),
      ...(eventId === undefined ? undefined : { eventId }),
    }
  }

  return {
    verify(reader) {
      const shown = read(reader)
      if (typeof shown === 'string') return notVerified(shown)
      const { receivedAt } = reader.request
      return chain(hashes.digest('sha256', [shown.bytes]), (digest) =>
        chain(digests(), (candidates) => judge(digest, candidates, receivedAt)),
      )
    },
  }
}
