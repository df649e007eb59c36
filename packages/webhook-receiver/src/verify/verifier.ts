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
import { compileTokenScheme, type IndexedSecret } from './token-scheme.ts'
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
  const assigned = assignSecrets(at('secrets'), secrets, webhook.verify)
  const schemes = assigned.map((own) => compileScheme(own, webhook, hashes))

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

interface AssignedScheme {
  readonly scheme: VerificationScheme
  readonly secrets: readonly IndexedSecret[]
}

/**
 * Gives each scheme the secrets that are written as it wants them. Beside a token scheme a key is told from a token by its
 * prefix, so that a signing key is never taken as a token. A scheme without a secret is left out: nobody could pass it.
 */
function assignSecrets(
  path: string,
  secrets: readonly string[],
  schemes: readonly VerificationScheme[],
): readonly AssignedScheme[] {
  const hmacSchemes = schemes.filter((scheme): scheme is HmacScheme => scheme.scheme === 'hmac')
  const besideToken = hmacSchemes.length < schemes.length
  const indexed = secrets.map((secret, keyIndex) => ({ secret, keyIndex }))

  const isKey = (scheme: HmacScheme, secret: string): boolean =>
    besideToken && scheme.secret.prefix !== undefined
      ? bearsPrefix(scheme, secret)
      : decodeSecret(secret, scheme.secret) !== undefined

  for (const { secret, keyIndex } of indexed) {
    const claiming = hmacSchemes.filter((scheme) => isKey(scheme, secret))
    const isToken = besideToken && claiming.length === 0
    const readable = isToken || claiming.some((scheme) => decodeSecret(secret, scheme.secret) !== undefined)
    const [wanted] = claiming.length > 0 ? claiming : hmacSchemes
    if (!readable && wanted !== undefined) throw unreadableSecret(path, keyIndex, wanted)
  }
  return schemes
    .map((scheme) => ({
      scheme,
      secrets: indexed.filter(({ secret }) =>
        scheme.scheme === 'hmac' ? isKey(scheme, secret) : !hmacSchemes.some((other) => bearsPrefix(other, secret)),
      ),
    }))
    .filter((assigned) => assigned.secrets.length > 0)
}

function bearsPrefix({ secret: { prefix } }: HmacScheme, secret: string): boolean {
  return prefix !== undefined && secret.startsWith(prefix)
}

function compileScheme(
  { scheme, secrets }: AssignedScheme,
  webhook: WebhookDescription,
  hashes: HashProvider,
): CompiledScheme {
  const eventId = scheme.eventId ?? webhook.eventId
  if (scheme.scheme === 'token') return compileTokenScheme(scheme, secrets, eventId, hashes)
  const keys: IndexedKey[] = []
  for (const { secret, keyIndex } of secrets) {
    const bytes = decodeSecret(secret, scheme.secret)
    if (bytes !== undefined) keys.push({ keyIndex, key: hashes.importKey(scheme.hash, bytes) })
  }
  return compileHmacScheme(scheme, keys, eventId, hashes)
}
