import type { ConfiguredKey, KeySource, SecretFormat } from '@holdfast/core'
import { decodeKey, keyForm, type SecretForm } from '../secret-form.ts'
import type { CheckedSecret } from '../webhook-secret.ts'
import type { KeyFinder } from './find-keys.ts'
import type { KeyAccess } from './key-access.ts'
import { configuredKey, isMarkedPublicKey, publicKeyForm } from './key-form.ts'
import type { KeyKind, PublicKey } from './public-key.ts'

/** What a scheme takes that allows shared secrets and public keys, because its algorithms are of both kinds. */
export interface MixedKeySource {
  readonly kinds: readonly KeyKind[]
  readonly allowsShared: boolean
  readonly key?: KeySource | undefined
  readonly secret?: SecretFormat | undefined
}

/** A key that the application gave: a shared secret, or a public key. */
export interface MixedKey {
  readonly secret: CheckedSecret
  readonly key: Uint8Array | PublicKey
}

/**
 * How the secrets are written. What is a public key is never taken for a shared secret, whatever the scheme allows: everybody
 * has it, and could sign with it.
 */
export function mixedForm(source: MixedKeySource): SecretForm | undefined {
  const forms = formsOf(source)
  const [first, ...others] = forms
  if (first === undefined) return undefined
  const isOptional = source.key?.from === 'url'
  if (others.length === 0) return { ...first, isOptional }
  return {
    description: forms.map(({ description }) => description).join(', or '),
    isToken: false,
    isOptional,
    reads: (secret) => forms.some((form) => form.reads(secret)),
  }
}

/** Reads a secret as one of the forms. */
export function mixedKeys(source: MixedKeySource, secrets: readonly CheckedSecret[]): readonly MixedKey[] {
  return secrets.flatMap((secret) => {
    const key = readKey(source, secret.value)
    return key === undefined ? [] : [{ secret, key }]
  })
}

/**
 * Finds what the provider publishes, where it does. An application that gave keys may do without.
 *
 * @throws InvalidOptionsError when it gave neither keys nor what fetches them.
 */
export function keyFinderOf(
  source: KeySource | undefined,
  keys: readonly MixedKey[],
  access: KeyAccess,
): KeyFinder | undefined {
  if (source?.from !== 'url' || (keys.length > 0 && !access.isAvailable)) return undefined
  return access.finderOf(source)
}

/** The keys that a signature may have been made with: those of its id where some have it, else all of the kind. */
export function fittingKeys(
  keys: readonly MixedKey[],
  kind: KeyKind | undefined,
  id: string | undefined,
  isValid: (secret: CheckedSecret) => boolean,
): readonly MixedKey[] {
  const fitting = keys.filter(
    ({ key, secret }) => (key instanceof Uint8Array ? undefined : key.kind) === kind && isValid(secret),
  )
  const named = fitting.filter(({ secret }) => id !== undefined && secret.id === id)
  return named.length > 0 ? named : fitting
}

function readKey(
  { kinds, allowsShared, key: source, secret: format = utf8 }: MixedKeySource,
  text: string,
): Uint8Array | PublicKey | undefined {
  for (const kind of kinds) {
    const key = configuredKey(text, configured(source), kind)
    if (typeof key === 'object') return key
  }
  return allowsShared && !isMarkedPublicKey(text) ? decodeKey(text, format) : undefined
}

function formsOf({ kinds, allowsShared, key, secret = utf8 }: MixedKeySource): readonly SecretForm[] {
  const publicForms = kinds.map((kind) => publicKeyForm(configured(key), kind))
  if (!allowsShared) return publicForms
  const shared = keyForm(secret)
  return [...publicForms, { ...shared, reads: (text) => !isMarkedPublicKey(text) && shared.reads(text) }]
}

/** Keys that are fetched may be given as well, as PEM. */
function configured(source: KeySource | undefined): ConfiguredKey {
  return source?.from === 'secret' ? source : { from: 'secret', format: 'pem' }
}

const utf8: SecretFormat = { encoding: 'utf8' }
