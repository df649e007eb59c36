import type { HttpSignatureAlgorithm, HttpSignatureScheme, SignatureAlgorithm } from '@holdfast/core'
import type { MixedKeySource } from '../keys/mixed-keys.ts'
import { signatureAlgorithms } from '../signature-provider.ts'

/** What the algorithms of the registry (RFC 9421 section 6.2.2) are called among ours; `undefined`: an HMAC. */
export const httpAlgorithms: Readonly<Record<HttpSignatureAlgorithm, SignatureAlgorithm | undefined>> = Object.freeze({
  'hmac-sha256': undefined,
  ed25519: 'ed25519',
  'ecdsa-p256-sha256': 'ecdsa-p256-sha256',
  'ecdsa-p384-sha384': 'ecdsa-p384-sha384',
  'rsa-pss-sha512': 'rsa-pss-sha512',
  'rsa-v1_5-sha256': 'rsa-sha256',
})

/** What keys a scheme takes. */
export function httpSignatureKeySource({ algorithms, key, secret }: HttpSignatureScheme): MixedKeySource {
  const own = algorithms.map((algorithm) => httpAlgorithms[algorithm])
  const kinds = own.flatMap((algorithm) => (algorithm === undefined ? [] : [signatureAlgorithms[algorithm].kind]))
  return { kinds: [...new Set(kinds)], allowsShared: own.includes(undefined), key, secret }
}
