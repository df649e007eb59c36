import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { ConfiguredKey, SecretFormat, SignatureScheme, VerificationScheme } from '@holdfast/core'

/**
 * A secret in the form that a scheme wants, which no vector is signed with: whatever verifies with it was not authentic.
 * `undefined` where a scheme has none of its own.
 */
export function wrongSecret(scheme: VerificationScheme): string | undefined {
  switch (scheme.scheme) {
    case 'hmac':
    case 'digest':
      return symmetric(scheme.secret)
    case 'token':
      return 'a token that nobody sends'
    case 'basic':
      return 'nobody:sends this'
    case 'signature':
      if (scheme.key.from === 'secret') return publicKey(scheme.key, curveOf(scheme.algorithm))
      return takesName(scheme) ? 'a name that nobody sends' : undefined
    case 'jwt':
    case 'http-signature':
      if (scheme.secret !== undefined) return symmetric(scheme.secret)
      return scheme.key?.from === 'secret' ? publicKey(scheme.key, 'ed25519') : undefined
    case 'none':
      return undefined
  }
}

/** Whether the secret names whom a request is for, where the provider publishes its keys. */
function takesName({ message, recipient }: SignatureScheme): boolean {
  return recipient !== undefined || message.some(({ part }) => part === 'secret')
}

function symmetric({ encoding, prefix = '', startsWith = '' }: SecretFormat): string {
  const bytes = Buffer.from('a key that nobody signs with, of some length')
  const key = encoding === 'utf8' ? bytes.toString('latin1') : bytes.toString(encoding)
  return startsWith + prefix.replace('*', 'x') + key
}

type Curve = 'ed25519' | 'P-256' | 'P-384' | 'rsa'

function curveOf(algorithm: string): Curve {
  if (algorithm.startsWith('rsa')) return 'rsa'
  if (algorithm === 'ed25519') return 'ed25519'
  return algorithm.includes('p384') ? 'P-384' : 'P-256'
}

function publicKey({ format, encoding = 'base64', prefix = '' }: ConfiguredKey, curve: Curve): string {
  const key = newKey(curve)
  if (format === 'pem') return key.export({ type: 'spki', format: 'pem' }).toString()
  const spki = key.export({ type: 'spki', format: 'der' })
  return prefix + (format === 'raw' ? spki.subarray(-32) : spki).toString(encoding)
}

function newKey(curve: Curve): KeyObject {
  if (curve === 'ed25519') return generateKeyPairSync('ed25519').publicKey
  if (curve === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
  return generateKeyPairSync('ec', { namedCurve: curve }).publicKey
}
