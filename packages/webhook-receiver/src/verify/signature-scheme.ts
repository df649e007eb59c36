import type { SignatureScheme } from '@holdfast/core'
import { rawFromDer } from './keys/ecdsa-signature.ts'
import { publicKeyForm } from './keys/key-form.ts'
import { matchConfiguredKeys } from './match-configured-keys.ts'
import { matchFetchedKeys } from './match-fetched-keys.ts'
import type { SchemeKind } from './scheme.ts'
import { keyForm, type SecretForm } from './secret-form.ts'
import { signatureAlgorithms } from './signature-provider.ts'
import { compileSignedMessage, type MatchKey } from './signed-message.ts'

// More than anybody sends while keys are exchanged; each costs a public-key operation over the whole message.
const MAX_SIGNATURES = 8

/** Public-key signatures over a message. */
export const signatureScheme: SchemeKind<SignatureScheme> = {
  secretForm,
  compile(scheme, secrets, setup) {
    const { kind, signatureBytes } = signatureAlgorithms[scheme.algorithm]
    const { key } = scheme
    const matchAll =
      key.from === 'secret'
        ? matchConfiguredKeys(scheme.algorithm, key, secrets, setup.signatures)
        : matchFetchedKeys(scheme, setup.keys.finderOf(key), secrets, setup.signatures)
    const match: MatchKey = (message) =>
      matchAll({ ...message, signatures: message.signatures.slice(0, MAX_SIGNATURES) })
    const isDer = scheme.form !== 'raw' && (kind === 'p256' || kind === 'p384')
    return compileSignedMessage(scheme, {
      ...setup,
      kind: 'signature',
      ...(signatureBytes !== undefined && !isDer && { signatureBytes }),
      match: isDer ? onRawSignatures(match, (signatureBytes ?? 0) / 2) : match,
    })
  },
}

/** Where keys are fetched, secrets are what the message holds, or whom it must be meant for. */
function secretForm({ key, algorithm, recipient, message }: SignatureScheme): SecretForm | undefined {
  if (key.from === 'secret') return publicKeyForm(key, signatureAlgorithms[algorithm].kind)
  const takesSecret = recipient !== undefined || message.some(({ part }) => part === 'secret')
  return takesSecret ? keyForm({ encoding: 'utf8' }) : undefined
}

/** ECDSA signatures in DER, as `r || s`. */
function onRawSignatures(match: MatchKey, numberBytes: number): MatchKey {
  return (message) => {
    const signatures = message.signatures.flatMap((der) => rawFromDer(der, numberBytes) ?? [])
    return signatures.length === 0 ? 'malformed_signature' : match({ ...message, signatures })
  }
}
