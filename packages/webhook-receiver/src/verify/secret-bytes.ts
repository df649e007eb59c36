import { type HmacScheme, InvalidOptionsError } from '@holdfast/core'
import { decodeBase64, decodeHex, utf8Bytes } from './encoding.ts'

/** Decodes a secret as the scheme writes its keys. `undefined` when it is not written so, or is empty. */
export function decodeSecret(secret: string, { encoding, prefix = '' }: HmacScheme['secret']): Uint8Array | undefined {
  const text = prefix !== '' && secret.startsWith(prefix) ? secret.slice(prefix.length) : secret
  const bytes = decode(text, encoding)
  return bytes === undefined || bytes.length === 0 ? undefined : bytes
}

/** How a scheme writes its keys, for people. */
export function describeSecret({ encoding, prefix }: HmacScheme['secret']): string {
  const form = encoding === 'utf8' ? 'a non-empty string' : `a key in ${encoding === 'hex' ? 'hexadecimal' : 'base64'}`
  return prefix === undefined ? form : `${form} after an optional \`${prefix}\``
}

/**
 * Checks that every secret is a non-empty string. What came is described, never shown.
 *
 * @throws InvalidOptionsError for the first that is not, with its index.
 */
export function checkSecrets(path: string, secrets: unknown): readonly string[] {
  if (!Array.isArray(secrets) || secrets.length === 0) {
    throw new InvalidOptionsError({
      path,
      expected: 'an array of at least one secret',
      received: undefined,
      receivedText: Array.isArray(secrets) ? 'an empty array' : describeSecretType(secrets),
    })
  }
  secrets.forEach((secret: unknown, index) => {
    if (typeof secret === 'string' && secret !== '') return
    throw new InvalidOptionsError({
      path: `${path}[${index}]`,
      expected: 'a non-empty string',
      received: undefined,
      receivedText: describeSecretType(secret),
      ...(secret === undefined ? { hint: 'Is its environment variable set?' } : {}),
    })
  })
  return secrets as readonly string[]
}

/** The error for a secret that no scheme of the connector can read. */
export function unreadableSecret(path: string, index: number, scheme: HmacScheme): InvalidOptionsError {
  return new InvalidOptionsError({
    path: `${path}[${index}]`,
    expected: describeSecret(scheme.secret),
    received: undefined,
    receivedText: 'a string of another form',
  })
}

function decode(text: string, encoding: HmacScheme['secret']['encoding']): Uint8Array | undefined {
  switch (encoding) {
    case 'utf8':
      return utf8Bytes(text)
    case 'base64':
      return decodeBase64(text)
    case 'hex':
      return decodeHex(text)
  }
}

function describeSecretType(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (value === '') return 'an empty string'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
