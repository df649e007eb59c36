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
      wanted: form !== undefined,
    }))
    .filter(({ secrets: own, wanted }) => own.length > 0 || !wanted)
}

function isFor(form: SecretForm, secret: string, forms: readonly SecretForm[]): boolean {
  if (form.isToken) return form.reads(secret) && !forms.some((other) => other.bearsPrefix?.(secret))
  const besideToken = forms.some(({ isToken }) => isToken)
  return besideToken && form.bearsPrefix !== undefined ? form.bearsPrefix(secret) : form.reads(secret)
}

function unreadableSecret(
  path: string,
  { keyIndex }: CheckedSecret,
  claiming: readonly FormedScheme[],
  forms: readonly SecretForm[],
): InvalidOptionsError {
  const [wanted] = claiming.flatMap(({ form }) => form ?? [])
  const { description } = wanted ?? forms[0] ?? { description: 'absent, for no scheme of the connector takes a secret' }
  return new InvalidOptionsError({
    path: `${path}[${keyIndex}]`,
    expected: description,
    received: undefined,
    receivedText: 'a string of another form',
  })
}
