import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto'
import type { SecretFormat, SignatureScheme, VerificationScheme } from '@holdfast/core'

/** A secret that is written as the scheme wants it, and is not the vector's; `undefined`: the scheme takes none. */
export function otherSecret(scheme: VerificationScheme): string | undefined {
  switch (scheme.scheme) {
    case 'hmac':
    case 'digest':
      return keyText(scheme.secret)
    case 'signature':
      return otherPublicKey(scheme)
    case 'jwt':
    case 'http-signature':
      return scheme.secret === undefined ? undefined : keyText(scheme.secret)
    case 'token':
      return 'another token'
    case 'basic':
      return 'somebody:else'
    case 'none':
      return undefined
  }
}

/** A public key of the scheme's algorithm, or another name of ours, where the provider publishes its keys. */
function otherPublicKey({ algorithm, key }: SignatureScheme): string | undefined {
  if (key.from === 'url') return 'another name'
  const { publicKey } = pairOf(algorithm)
  const info = publicKey.export({ type: 'spki', format: 'der' })
  const { format, encoding = 'base64', prefix = '' } = key
  if (format === 'pem') return publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return prefix + info.subarray(format === 'raw' ? -32 : 0).toString(encoding)
}

function pairOf(algorithm: SignatureScheme['algorithm']): KeyPairKeyObjectResult {
  if (algorithm === 'ed25519') return generateKeyPairSync('ed25519')
  if (algorithm.startsWith('rsa')) return generateKeyPairSync('rsa', { modulusLength: 2048 })
  return generateKeyPairSync('ec', { namedCurve: algorithm.startsWith('ecdsa-p256') ? 'P-256' : 'P-384' })
}

function keyText({ encoding, prefix = '', startsWith = '' }: SecretFormat): string {
  const text = 'another key of some length'
  const key = encoding === 'utf8' ? text : Buffer.from(text).toString(encoding)
  return startsWith + prefix.replace('*', 'test') + key
}
