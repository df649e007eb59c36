import {
  checkConnector,
  type Connector,
  type HmacScheme,
  InvalidOptionsError,
  type VerificationScheme,
  type WebhookDescription,
} from '@holdfast/core'
import type { HashProvider, MaybePromise } from './hmac.ts'
import { platformHashes } from './hmac.ts'
import { type CompiledScheme, compileHmacScheme, type IndexedKey, type VerifiableRequest } from './hmac-scheme.ts'
import { headerValues } from './request-headers.ts'
import { checkSecrets, decodeSecret, unreadableSecret } from './secret-bytes.ts'
import { compileTokenScheme } from './token-scheme.ts'
import { notVerified, type VerifyResult } from './verify-result.ts'

/** How to verify the webhooks of one provider. */
export interface VerifierOptions {
  readonly connector: Connector
  /** Every secret that is accepted; at least one. */
  readonly secrets: readonly (string | undefined)[]
}

/** Verifies requests of one provider with secrets that were decoded once. */
export interface Verifier {
  /**
   * Says whether the sender knows one of the secrets, and what that proves. At once where the platform has synchronous
   * hashes, as a promise elsewhere; `await` takes both. Never throws for anything in the request.
   */
  verify(request: VerifiableRequest): MaybePromise<VerifyResult>
}

/**
 * Makes a verifier, for instance to verify a stored event again: timestamps are judged against its `receivedAt`, so that an
 * event verifies a year later exactly as it did on arrival.
 *
 * @throws InvalidOptionsError when the connector describes no webhooks, or a secret is absent or not written as its scheme
 * wants it. The message never shows a secret.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  return compileVerifier('', options, platformHashes())
}

/** `createVerifier` with the place of the options for error messages, and the hashes to use. */
export function compileVerifier(path: string, options: VerifierOptions, hashes: HashProvider): Verifier {
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`)
  const webhook = webhookOf(checkConnector(options.connector, at('connector')), at('connector'))
  const secrets = checkSecrets(at('secrets'), options.secrets)
  checkReadable(at('secrets'), secrets, webhook.verify)
  const schemes = webhook.verify.map((scheme) => compileScheme(scheme, secrets, webhook, hashes))

  return {
    verify(request) {
      for (const scheme of schemes) {
        const applies = scheme.select === undefined || headerValues(request.headers, scheme.select).length > 0
        // No fall-through: else whoever cannot sign would choose the weaker scheme.
        if (applies) return scheme.verify(request)
      }
      return notVerified('missing_header')
    },
  }
}

/**
 * The webhook part of a connector.
 *
 * @throws InvalidOptionsError when it has none.
 */
export function webhookOf(connector: Connector, path: string): WebhookDescription {
  if (connector.webhook !== undefined) return connector.webhook
  throw new InvalidOptionsError({
    path,
    expected: 'a connector that describes webhooks',
    received: undefined,
    receivedText: `\`${connector.id}\`, which describes none`,
  })
}

/** Every secret must be readable by a scheme; one that bears a scheme's prefix, by that scheme. */
function checkReadable(path: string, secrets: readonly string[], schemes: readonly VerificationScheme[]): void {
  const hmacSchemes = schemes.filter((scheme): scheme is HmacScheme => scheme.scheme === 'hmac')
  const acceptsAny = hmacSchemes.length < schemes.length
  secrets.forEach((secret, index) => {
    if (hmacSchemes.some((scheme) => decodeSecret(secret, scheme.secret) !== undefined)) return
    const claimed = hmacSchemes.find(({ secret: { prefix } }) => prefix !== undefined && secret.startsWith(prefix))
    const wrong = claimed ?? (acceptsAny ? undefined : hmacSchemes[0])
    if (wrong !== undefined) throw unreadableSecret(path, index, wrong)
  })
}

function compileScheme(
  scheme: VerificationScheme,
  secrets: readonly string[],
  webhook: WebhookDescription,
  hashes: HashProvider,
): CompiledScheme {
  const eventId = scheme.eventId ?? webhook.eventId
  if (scheme.scheme === 'token') return compileTokenScheme(scheme, secrets, eventId, hashes)
  const keys: IndexedKey[] = []
  secrets.forEach((secret, keyIndex) => {
    const bytes = decodeSecret(secret, scheme.secret)
    if (bytes !== undefined) keys.push({ keyIndex, key: hashes.importKey(scheme.hash, bytes) })
  })
  return compileHmacScheme(scheme, keys, eventId, hashes)
}
