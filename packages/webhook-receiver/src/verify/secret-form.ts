import type { SecretFormat } from '@holdfast/core'
import { decodeBase64, decodeHex, utf8Bytes } from './encoding.ts'

/** How the secrets of a scheme are written: what tells them from those of the other schemes. */
export interface SecretForm {
  /** For people. */
  readonly description: string
  /** Shown in requests as it is, and not a key: never told from a key by more than the key's prefix. */
  readonly isToken: boolean
  /** Whether a secret bears the prefix that marks it as one of this form. `undefined`: there is no such prefix. */
  readonly bearsPrefix?: (secret: string) => boolean
  /** Whether a secret can be read as one of this form. */
  reads(secret: string): boolean
  /** Says of a public key, which everybody has, that it shows by itself that it is one. `undefined`: these are no public keys. */
  readonly showsPublicKey?: (secret: string) => boolean
  /** What a secret that cannot be read is instead, for people and without showing it. */
  readonly flaw?: (secret: string) => string
  /** The scheme is of use without a secret too, because it has its keys fetched. */
  readonly isOptional?: boolean
}

/** The form of keys that are written as a format says. */
export function keyForm(format: SecretFormat): SecretForm {
  const { prefix, startsWith } = format
  return {
    description: describeKey(format),
    isToken: false,
    reads: (secret) => decodeKey(secret, format) !== undefined,
    ...(prefix !== undefined && { bearsPrefix: (secret) => withoutPrefix(secret, prefix) !== secret }),
    ...(startsWith !== undefined && {
      bearsPrefix: (secret) => secret.startsWith(startsWith),
      flaw: () => 'one that begins otherwise, as an API key or an id does',
    }),
  }
}

/** Decodes a key as its scheme writes it. `undefined` when it is not written so, or is empty. */
export function decodeKey(secret: string, format: SecretFormat): Uint8Array | undefined {
  const { encoding, prefix, unprefixed, startsWith = '' } = format
  if (!secret.startsWith(startsWith)) return undefined
  const text = prefix === undefined ? secret : withoutPrefix(secret, prefix)
  const bytes = decode(text, text === secret ? (unprefixed ?? encoding) : encoding)
  return bytes === undefined || bytes.length === 0 ? undefined : bytes
}

function describeKey({ encoding, prefix, unprefixed, startsWith }: SecretFormat): string {
  if (startsWith !== undefined) return `a string that begins with \`${startsWith}\``
  const form = encoding === 'utf8' ? 'a non-empty string' : `a key in ${encoding === 'hex' ? 'hexadecimal' : 'base64'}`
  if (unprefixed !== undefined) return `${form} after \`${prefix ?? ''}\`, or a non-empty string without it`
  return prefix === undefined ? form : `${form} after an optional \`${prefix}\``
}

/** `*` in a prefix stands for anything up to the first of what follows it. */
function withoutPrefix(secret: string, prefix: string): string {
  const star = prefix.indexOf('*')
  if (star === -1) return secret.startsWith(prefix) ? secret.slice(prefix.length) : secret
  if (!secret.startsWith(prefix.slice(0, star))) return secret
  const rest = prefix.slice(star + 1)
  const end = secret.indexOf(rest, star)
  return end === -1 ? secret : secret.slice(end + rest.length)
}

function decode(text: string, encoding: SecretFormat['encoding']): Uint8Array | undefined {
  switch (encoding) {
    case 'utf8':
      return utf8Bytes(text)
    case 'base64':
      return decodeBase64(text)
    case 'hex':
      return decodeHex(text)
  }
}
