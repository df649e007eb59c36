import type { ConfiguredKey, SignatureAlgorithm } from '@holdfast/core'
import { configuredKey } from './keys/key-form.ts'
import { chain } from './maybe-promise.ts'
import { firstFitting } from './signature-attempts.ts'
import { type SignatureProvider, signatureAlgorithms } from './signature-provider.ts'
import type { MatchKey } from './signed-message.ts'
import { type CheckedSecret, isValidAt } from './webhook-secret.ts'

/** Matches signatures with public keys that the application gave. */
export function matchConfiguredKeys(
  algorithm: SignatureAlgorithm,
  source: ConfiguredKey,
  secrets: readonly CheckedSecret[],
  provider: SignatureProvider,
): MatchKey {
  const { kind } = signatureAlgorithms[algorithm]
  const keys = secrets.flatMap((secret) => {
    const key = configuredKey(secret.value, source, kind)
    return typeof key === 'object' ? [{ secret, verify: provider.importKey(algorithm, key) }] : []
  })
  return ({ reader, pieces, signatures }) => {
    const attempts = keys
      .filter(({ secret }) => isValidAt(secret, reader.request.receivedAt))
      .map(({ secret, verify }) => ({ verify, pieces, match: secret }))
    return chain(firstFitting(attempts, signatures), (match) => match ?? 'mismatch')
  }
}
