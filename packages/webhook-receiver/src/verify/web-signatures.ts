import type { KeyKind } from './keys/public-key.ts'
import { joinPieces } from './message-piece.ts'
import {
  type AlgorithmFacts,
  type SignatureProvider,
  signatureAlgorithms,
  signatureLength,
} from './signature-provider.ts'
import { unsupportedAlgorithm } from './unsupported-algorithm.ts'

/** Signatures on WebCrypto. */
export function webSignatures(): SignatureProvider {
  const { subtle } = globalThis.crypto
  return {
    importKey(algorithm, publicKey) {
      const parameters = webParameters(signatureAlgorithms[algorithm])
      const length = signatureLength(algorithm, publicKey)
      // Imported at the first message, so that a key that nobody uses leaves no promise behind.
      let imported: ReturnType<typeof subtle.importKey> | undefined
      return async (signature, pieces) => {
        imported ??= subtle.importKey('spki', new Uint8Array(publicKey.spki), parameters, false, ['verify'])
        const key = await imported.catch((cause: unknown) => {
          throw unsupportedAlgorithm(algorithm, cause)
        })
        if (signature.length !== length) return false
        return subtle.verify(parameters, key, new Uint8Array(signature), joinPieces(pieces))
      }
    },
  }
}

/** What import, signing and verification want to know of an algorithm, together. */
export interface WebParameters {
  readonly name: string
  readonly namedCurve?: string
  readonly hash?: string
  readonly saltLength?: number
}

/** An algorithm in WebCrypto's words. */
export function webParameters({ kind, hash, padding }: AlgorithmFacts): WebParameters {
  const name = padding === undefined ? webKinds[kind] : { name: padding === 'pss' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5' }
  if (hash === undefined) return name
  const bits = hash.slice('sha'.length)
  return { ...name, hash: `SHA-${bits}`, ...(padding === 'pss' && { saltLength: Number(bits) / 8 }) }
}

const webKinds: Readonly<Record<KeyKind, WebParameters>> = Object.freeze({
  ed25519: { name: 'Ed25519' },
  p256: { name: 'ECDSA', namedCurve: 'P-256' },
  p384: { name: 'ECDSA', namedCurve: 'P-384' },
  rsa: { name: 'RSASSA-PKCS1-v1_5' },
})
