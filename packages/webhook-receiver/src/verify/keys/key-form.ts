import type { ConfiguredKey } from '@holdfast/core'
import { decodeBase64 } from '../encoding.ts'
import type { SecretForm } from '../secret-form.ts'
import { type KeyFlaw, type KeyKind, type PublicKey, readPublicKey, readSpki } from './public-key.ts'

/** The form of public keys of one kind that the application gives as secrets. */
export function publicKeyForm(source: ConfiguredKey, kind: KeyKind): SecretForm {
  const { prefix } = source
  return {
    description: `${kindNames[kind]} (${formNames(source)})`,
    isToken: false,
    reads: (secret) => typeof configuredKey(secret, source, kind) === 'object',
    showsPublicKey: (secret) => isMarkedPublicKey(secret) || (prefix !== undefined && secret.startsWith(prefix)),
    flaw: (secret) => describeFlaw(configuredKey(secret, source, kind)),
    ...(prefix === undefined ? {} : { bearsPrefix: (secret) => secret.startsWith(prefix) }),
  }
}

/** Reads a key that the application gave; one of another kind is none. */
export function configuredKey(secret: string, source: ConfiguredKey, kind: KeyKind): PublicKey | KeyFlaw | KeyKind {
  const key = readPublicKey(secret, { ...source, kind })
  return typeof key === 'object' && key.kind !== kind ? key.kind : key
}

/** Whether a text is a public key that nobody could take for a shared secret. */
export function isMarkedPublicKey(secret: string): boolean {
  const text = secret.trimStart()
  return text.startsWith('-----BEGIN') || typeof readSpki(decodeBase64(text) ?? none) === 'object'
}

const none = new Uint8Array(0)

const kindNames: Readonly<Record<KeyKind, string>> = Object.freeze({
  ed25519: 'an Ed25519 public key',
  p256: 'a P-256 public key',
  p384: 'a P-384 public key',
  rsa: 'an RSA public key',
})

function formNames({ format, encoding = 'base64', prefix }: ConfiguredKey): string {
  const written = encoding === 'hex' ? 'hexadecimal' : 'base64'
  const own =
    format === 'pem' ? 'PEM' : format === 'spki' ? `SubjectPublicKeyInfo in ${written}` : `in ${written}, or PEM`
  return prefix === undefined ? own : `${own}, after an optional \`${prefix}\``
}

/** What a text is instead, for people, and without showing it. */
function describeFlaw(read: PublicKey | KeyFlaw | KeyKind): string {
  if (typeof read === 'object') return 'such a key'
  return flawNames[read]
}

const flawNames: Readonly<Record<KeyFlaw | KeyKind, string>> = Object.freeze({
  ...kindNames,
  no_key: 'a string of another form',
  private_key: 'a private key; only its public half belongs here',
  certificate: 'a certificate; take the public key out of it',
  unsupported_key: 'a key of another kind',
  off_curve: 'a key whose point is not on the curve',
  rsa_size: 'an RSA key of less than 2048 or more than 8192 bits',
})
