import { joinPieces } from './message-piece.ts'
import { updateAll } from './node-hashes.ts'
import { type SignatureProvider, signatureAlgorithms, signatureLength } from './signature-provider.ts'
import { webSignatures } from './web-signatures.ts'

/** Signatures on `node:crypto`, taken without an import so that bundles for other runtimes hold no trace of it. */
export function nodeSignatures(): SignatureProvider | undefined {
  const crypto = globalThis.process?.getBuiltinModule?.('node:crypto')
  if (crypto === undefined) return undefined
  const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } = crypto.constants
  const paddings = {
    pkcs1: { padding: RSA_PKCS1_PADDING },
    pss: { padding: RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_DIGEST },
    none: { dsaEncoding: 'ieee-p1363' },
  } as const
  return {
    importKey(algorithm, publicKey) {
      const { hash, padding = 'none' } = signatureAlgorithms[algorithm]
      const key = crypto.createPublicKey({ key: Buffer.from(publicKey.spki), format: 'der', type: 'spki' })
      // Ed25519 reads the message twice, so that it takes it whole.
      if (hash === undefined) return (signature, pieces) => crypto.verify(null, joinPieces(pieces), key, signature)
      const options = { key, ...paddings[padding] }
      const length = signatureLength(algorithm, publicKey)
      // workerd has the module, and takes no key object in options.
      if (!isTaken(() => crypto.createVerify(hash).verify(options, new Uint8Array(length ?? 0))))
        return webSignatures().importKey(algorithm, publicKey)
      return (signature, pieces) =>
        signature.length === length && updateAll(crypto.createVerify(hash), pieces).verify(options, signature)
    },
  }
}

function isTaken(call: () => unknown): boolean {
  try {
    call()
    return true
  } catch {
    return false
  }
}
