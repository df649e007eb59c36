import { InvalidOptionsError, type VerificationScheme, type WebhookDescription } from '@holdfast/core'
import { assignSecrets } from './assign-secrets.ts'
import { compileScheme } from './compile-scheme.ts'
import type { Keyring, KeyringScheme } from './keyring.ts'
import type { SchemeSetup } from './scheme.ts'
import type { CheckedSecret } from './webhook-secret.ts'

/** What keyrings of one verifier have in common. */
export interface KeyringSetup extends Omit<SchemeSetup, 'eventId'> {
  /** Where the secrets stand, for error messages. */
  readonly path: string
  readonly webhook: WebhookDescription
  readonly allowUnverified: boolean
}

/**
 * Prepares the schemes of a connector with secrets.
 *
 * @throws InvalidOptionsError for a secret that no scheme can read, and when there is nothing that could be verified and the
 * application did not say that it wants that.
 */
export function compileKeyring(secrets: readonly CheckedSecret[], setup: KeyringSetup): Keyring {
  const { path, webhook, allowUnverified } = setup
  const usable = webhook.verify.filter(({ scheme }) => scheme !== 'none' || allowUnverified)
  const assigned = assignSecrets(path, secrets, usable)
  if (assigned.length > 0) {
    return { secrets, schemes: assigned.map((own) => keyringScheme(own.scheme, own.secrets, setup)) }
  }
  if (allowUnverified) return { secrets, schemes: [keyringScheme({ scheme: 'none' }, [], setup)] }
  throw new InvalidOptionsError({
    path,
    expected: usable.length === 0 ? 'absent, with `allowUnverified: true`' : 'an array of at least one secret',
    received: undefined,
    receivedText: secrets.length === 0 ? 'none' : 'secrets',
    hint: 'With `allowUnverified: true` requests of anybody are accepted.',
  })
}

function keyringScheme(
  scheme: VerificationScheme,
  secrets: readonly CheckedSecret[],
  setup: KeyringSetup,
): KeyringScheme {
  const eventId = scheme.eventId ?? setup.webhook.eventId
  const compile: KeyringScheme['compile'] = (other, otherSecrets) =>
    compileScheme(other, otherSecrets, { ...setup, eventId })
  return { ...compileScheme(scheme, secrets, { ...setup, eventId }), scheme, secrets, compile }
}
