import { InvalidOptionsError, type VerificationScheme } from '@holdfast/core'
import { secretFormOf } from './compile-scheme.ts'
import type { SecretForm } from './secret-form.ts'
import type { CheckedSecret } from './webhook-secret.ts'

/** A scheme with the secrets that are for it. */
export interface AssignedScheme {
  readonly scheme: VerificationScheme
  readonly secrets: readonly CheckedSecret[]
}

interface FormedScheme {
  readonly scheme: VerificationScheme
  readonly form: SecretForm | undefined
}

/**
 * Gives each scheme the secrets that are written as it wants them, or that name it. Beside a token a key is told from it by its
 * prefix, so that a signing key is never taken as a token. A scheme that wants a secret and has none is left out: nobody could
 * pass it.
 *
 * @throws InvalidOptionsError for a secret that no scheme can read, with its index and without showing it.
 */
export function assignSecrets(
  path: string,
  secrets: readonly CheckedSecret[],
  schemes: readonly VerificationScheme[],
): readonly AssignedScheme[] {
  const formed = schemes.map((scheme): FormedScheme => ({ scheme, form: secretFormOf(scheme) }))
  const forms = formed.flatMap(({ form }) => (form === undefined ? [] : [form]))
  const claims = ({ scheme, form }: FormedScheme, secret: CheckedSecret): boolean =>
    form !== undefined &&
    (secret.scheme === undefined ? isFor(form, secret.value, forms) : secret.scheme === scheme.scheme)

  for (const secret of secrets) {
    const claiming = formed.filter((candidate) => claims(candidate, secret))
    if (!claiming.some(({ form }) => form?.reads(secret.value))) throw unreadableSecret(path, secret, claiming, forms)
  }
  return formed
    .map(({ scheme, form }) => ({
      scheme,
      secrets: secrets.filter((secret) => claims({ scheme, form }, secret) && form?.reads(secret.value)),
      form,
    }))
    .filter(({ secrets: own, form }) => own.length > 0 || form === undefined || form.isOptional === true)
}

function isFor(form: SecretForm, secret: string, forms: readonly SecretForm[]): boolean {
  if (!isOnItsSide(form, secret, forms)) return false
  if (form.isToken) return form.reads(secret) && !forms.some((other) => other.bearsPrefix?.(secret))
  const besideToken = forms.some(({ isToken }) => isToken)
  return besideToken && form.bearsPrefix !== undefined ? form.bearsPrefix(secret) : form.reads(secret)
}

/**
 * Beside a scheme with public keys a shared secret must show that it is none of them: whoever knows the public key, and that is
 * everybody, could sign with it otherwise.
 */
function isOnItsSide(form: SecretForm, secret: string, forms: readonly SecretForm[]): boolean {
  const publicForms = forms.filter(isPublic)
  if (publicForms.length === 0 || publicForms.length === forms.length) return true
  if (publicForms.some(({ showsPublicKey }) => showsPublicKey?.(secret))) return isPublic(form)
  return form.bearsPrefix?.(secret) === true || !publicForms.some((other) => other.reads(secret))
}

function isPublic({ showsPublicKey }: SecretForm): boolean {
  return showsPublicKey !== undefined
}

function unreadableSecret(
  path: string,
  { keyIndex, value }: CheckedSecret,
  claiming: readonly FormedScheme[],
  forms: readonly SecretForm[],
): InvalidOptionsError {
  const readable = forms.filter((form) => form.reads(value))
  const [wanted] = [...claiming.flatMap(({ form }) => form ?? []), ...forms]
  const isAmbiguous = claiming.length === 0 && readable.length > 1
  return new InvalidOptionsError({
    path: `${path}[${keyIndex}]`,
    expected: isAmbiguous
      ? readable.map(({ description }) => description).join(', or ')
      : (wanted?.description ?? 'absent, for no scheme of the connector takes a secret'),
    received: undefined,
    receivedText: isAmbiguous ? 'a string that could be either' : (wanted?.flaw?.(value) ?? 'a string of another form'),
    ...(isAmbiguous && { hint: 'Give it with its prefix, or say which it is with `scheme`.' }),
  })
}
