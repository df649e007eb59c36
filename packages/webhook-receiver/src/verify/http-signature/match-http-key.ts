import type { HttpSignatureAlgorithm, SignatureAlgorithm } from '@holdfast/core'
import type { HashProvider, HmacKey } from '../hash-provider.ts'
import type { KeyFinder } from '../keys/find-keys.ts'
import { fittingKeys, type MixedKey } from '../keys/mixed-keys.ts'
import type { PublicKey } from '../keys/public-key.ts'
import type { RequestReader } from '../request-reader.ts'
import type { SchemeSetup } from '../scheme.ts'
import { signatureAlgorithms, type SignatureProvider, type VerifySignature } from '../signature-provider.ts'
import type { MatchedKey } from '../signed-message.ts'
import type { NotVerified } from '../verify-result.ts'
import { isValidAt } from '../webhook-secret.ts'
import { httpAlgorithms } from './http-signature-keys.ts'

/** What a signature was made of. */
export interface HttpSignatureMatch {
  readonly reader: RequestReader
  readonly base: string
  readonly signature: Uint8Array
  /** Algorithms that it may be of. */
  readonly algorithms: readonly HttpSignatureAlgorithm[]
  readonly keyId: string | undefined
}

/** Finds the key that made a signature; `undefined`: none did. */
export type HttpKeyMatcher = (match: HttpSignatureMatch) => Promise<MatchedKey | NotVerified | undefined>

/** Prepares to find keys among the application's own and those that are fetched. Each is imported once. */
export function keyMatcher(
  keys: readonly MixedKey[],
  findKeys: KeyFinder | undefined,
  { hashes, signatures }: Pick<SchemeSetup, 'hashes' | 'signatures'>,
): HttpKeyMatcher {
  const verifierOf = keyImporter(hashes, signatures)

  return async ({ reader, base, signature, algorithms, keyId }) => {
    const { receivedAt } = reader.request
    for (const algorithm of algorithms) {
      const own = httpAlgorithms[algorithm]
      const kind = own && signatureAlgorithms[own].kind
      for (const { key, secret } of fittingKeys(keys, kind, keyId, (candidate) => isValidAt(candidate, receivedAt))) {
        if (await verifierOf(algorithm, key)(signature, [base])) return secret
      }
      if (findKeys === undefined || kind === undefined) continue
      const found = await findKeys(reader, keyId)
      if ('ok' in found) return found
      for (const key of found.keys) {
        const fits = key.kind === kind && (await verifierOf(algorithm, key)(signature, [base]))
        if (fits) return { keyIndex: -1, id: key.id ?? found.id }
      }
    }
    return undefined
  }
}

function keyImporter(
  hashes: HashProvider,
  signatures: SignatureProvider,
): (algorithm: HttpSignatureAlgorithm, key: Uint8Array | PublicKey) => VerifySignature {
  const imported = new WeakMap<Uint8Array | PublicKey, Map<HttpSignatureAlgorithm, VerifySignature>>()
  const importKey = (algorithm: HttpSignatureAlgorithm, key: Uint8Array | PublicKey): VerifySignature =>
    key instanceof Uint8Array
      ? hmacVerifier(hashes.importKey('sha256', key), hashes)
      : // Keys come with algorithms of their kind, which have a counterpart.
        signatures.importKey(httpAlgorithms[algorithm] as SignatureAlgorithm, key)
  return (algorithm, key) => {
    const own = imported.get(key) ?? new Map<HttpSignatureAlgorithm, VerifySignature>()
    imported.set(key, own)
    const verify = own.get(algorithm) ?? importKey(algorithm, key)
    own.set(algorithm, verify)
    return verify
  }
}

function hmacVerifier(digest: HmacKey, hashes: HashProvider): VerifySignature {
  return async (signature, pieces) => hashes.equal(signature, await digest(pieces))
}
