import { checkConnector, type Connector, InvalidOptionsError, type WebhookDescription } from '@holdfast/core'
import { challengeGuard } from '../handshake/challenge-guard.ts'
import type { SourceSecrets } from '../handshake/source-secrets.ts'
import { assignSecrets } from './assign-secrets.ts'
import { compileScheme, type SelectedScheme } from './compile-scheme.ts'
import type { HashProvider } from './hash-provider.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { platformHashes } from './platform-hashes.ts'
import { RequestReader } from './request-reader.ts'
import type { VerifiableRequest } from './verifiable-request.ts'
import { notVerified, type VerifyResult } from './verify-result.ts'
import {
  type CheckedSecret,
  checkSecrets,
  describeSecretType,
  isValidAt,
  type WebhookSecret,
} from './webhook-secret.ts'

/** How to verify the webhooks of one provider. */
export interface VerifierOptions {
  readonly connector: Connector
  /** Every secret that is accepted; at least one. */
  readonly secrets: readonly (string | undefined | WebhookSecret)[]
  /**
   * Allowed distance of the time of signing from the arrival time, both ways, in milliseconds. Default: what the connector
   * says, and no limit where it says nothing.
   */
  readonly toleranceMs?: number
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

/** What the receiver asks of a verifier beside. */
export interface CompiledVerifier extends Verifier, SourceSecrets {
  /** `verify`, for a request that is being read. */
  judge(reader: RequestReader): MaybePromise<VerifyResult>
}

/** `createVerifier` with the place of the options for error messages, and the hashes to use. */
export function compileVerifier(path: string, options: VerifierOptions, hashes: HashProvider): CompiledVerifier {
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`)
  const webhook = webhookOf(checkConnector(options.connector, at('connector')), at('connector'))
  const secrets = checkSecrets(at('secrets'), secretList(at('secrets'), options.secrets))
  const schemes = compileSchemes(at('secrets'), secrets, options, webhook, hashes)
  const couldBeChallenge = challengeGuard(webhook)

  const judge = (reader: RequestReader): MaybePromise<VerifyResult> => {
    // No fall-through: else whoever cannot sign would choose the weaker scheme.
    const scheme = schemes.find(({ applies }) => applies(reader))
    if (scheme === undefined) return notVerified('missing_header')
    return couldBeChallenge?.(reader) === true ? notVerified('could_be_challenge') : scheme.verify(reader)
  }

  return {
    judge,
    verify: (request) => judge(new RequestReader(request)),
    secretsFor: ({ request }) => secrets.filter((secret) => isValidAt(secret, request.receivedAt)),
    forgetSecrets: () => {},
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

function compileSchemes(
  path: string,
  secrets: readonly CheckedSecret[],
  { toleranceMs }: VerifierOptions,
  webhook: WebhookDescription,
  hashes: HashProvider,
): readonly SelectedScheme[] {
  const assigned = assignSecrets(path, secrets, webhook.verify)
  return assigned.map(({ scheme, secrets: own }) =>
    compileScheme(scheme, own, { hashes, toleranceMs, eventId: scheme.eventId ?? webhook.eventId }),
  )
}

function secretList(path: string, secrets: unknown): readonly unknown[] {
  if (Array.isArray(secrets) && secrets.length > 0) return secrets
  throw new InvalidOptionsError({
    path,
    expected: 'an array of at least one secret',
    received: undefined,
    receivedText: describeSecretType(secrets),
  })
}
