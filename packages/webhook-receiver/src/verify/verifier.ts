import {
  boolean,
  checkConnector,
  checkOptions,
  durationMs,
  type Clock,
  type Connector,
  IntegrationError,
  InvalidOptionsError,
  systemClock,
  type WebhookDescription,
} from '@holdfast/core'
import { challengeGuard } from '../handshake/challenge-guard.ts'
import type { SourceSecrets } from '../handshake/source-secrets.ts'
import { compileKeyring } from './compile-keyring.ts'
import type { HashProvider } from './hash-provider.ts'
import { hintFinder } from './hint-finder.ts'
import { fixedKeyring, type Keyring, type Keyrings, type KeyringScheme } from './keyring.ts'
import { createKeyAccess, type KeyAccess } from './keys/key-access.ts'
import type { KeyFetcher } from './keys/key-fetcher.ts'
import { chain, type MaybePromise } from './maybe-promise.ts'
import { platformHashes } from './platform-hashes.ts'
import { platformSignatures } from './platform-signatures.ts'
import { RequestReader } from './request-reader.ts'
import { resolvedKeyrings } from './resolved-keyrings.ts'
import { resolvedSecretsOf, type SecretsOption } from './secret-resolver.ts'
import type { SignatureProvider } from './signature-provider.ts'
import type { VerifiableRequest } from './verifiable-request.ts'
import { type NotVerified, notVerified, type VerifyFailureReason, type VerifyResult } from './verify-result.ts'
import { checkSecrets, isValidAt } from './webhook-secret.ts'

/** How to verify the webhooks of one provider. */
export interface VerifierOptions {
  readonly connector: Connector
  /**
   * Every secret that is accepted, or a function that looks them up. May be absent only with `allowUnverified`, and for
   * providers that publish their keys and share no secret.
   */
  readonly secrets?: SecretsOption
  /**
   * Accepts what nothing proves: everything where no secret is given, and what a scheme `none` of the connector is for. The
   * result then has `strength: 'none'`. Default: false.
   */
  readonly allowUnverified?: boolean
  /** Gets the keys of a provider that publishes them, for example `createKeyFetcher()`. Required for such providers. */
  readonly keys?: KeyFetcher
  /**
   * Where the provider publishes its keys, for one that has no URL for all of its customers, or another environment than the
   * connector's; `{keyId}` in it stands for the key's id. An https URL.
   */
  readonly keyUrl?: string
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
   * hashes and the secrets are there, as a promise elsewhere; `await` takes both. Never throws for anything in the request.
   *
   * @throws InvalidOptionsError when `headers` are no pairs, or `receivedAt` is no number: the caller's mistakes, not the sender's.
   */
  verify(request: VerifiableRequest): MaybePromise<VerifyResult>
}

/**
 * Makes a verifier, for instance to verify a stored event again: timestamps are judged against its `receivedAt`, so that an
 * event verifies a year later exactly as it did on arrival.
 *
 * @throws InvalidOptionsError when an option is wrong, the connector describes no webhooks, or a secret is absent or not written as
 * its scheme wants it. The message never shows a secret.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  checkOptions('', options, verifierOptions)
  const verifier = compileVerifier('', options, platformHashes())
  return {
    verify(request) {
      checkRequest(request)
      return verifier.verify(request)
    },
  }
}

function checkRequest(request: unknown): void {
  const { headers, receivedAt } = (request ?? {}) as { readonly headers?: unknown; readonly receivedAt?: unknown }
  if (typeof headers !== 'object' || headers === null || !(Symbol.iterator in headers)) {
    throw new InvalidOptionsError({
      path: 'request.headers',
      expected: 'pairs of names and values',
      received: undefined,
      // Their values may be secrets.
      receivedText: headers === undefined || headers === null ? `\`${headers}\`` : 'another form',
    })
  }
  // A number that is no time is refused as stale.
  if (typeof receivedAt === 'number') return
  throw new InvalidOptionsError({
    path: 'request.receivedAt',
    expected: 'milliseconds since the epoch',
    received: receivedAt,
    hint: 'For a request that has just come it is the time of the clock.',
  })
}

const anything = (): undefined => undefined

// Values are checked where the verifier is compiled: here it is about names, for a tolerance that is misspelt is none.
const verifierOptions: Readonly<Record<keyof VerifierOptions, () => undefined>> = {
  connector: anything,
  secrets: anything,
  allowUnverified: anything,
  keys: anything,
  keyUrl: anything,
  toleranceMs: anything,
}

/** What a verifier stands on, where it is not the platform's. */
export interface VerifierPlatform {
  readonly signatures?: SignatureProvider
  readonly clock?: Clock
  /** Name of the source, for who looks up secrets. Default: the connector's id. */
  readonly source?: string
}

/** What the receiver asks of a verifier beside. */
export interface CompiledVerifier extends Verifier, SourceSecrets {
  /** `verify`, for a request that is being read. */
  judge(reader: RequestReader): MaybePromise<VerifyResult>
}

/** `createVerifier` with the place of the options for error messages, and the hashes to use. */
export function compileVerifier(
  path: string,
  options: VerifierOptions,
  hashes: HashProvider,
  { signatures = platformSignatures(), clock = systemClock, source }: VerifierPlatform = {},
): CompiledVerifier {
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`)
  const webhook = webhookOf(checkConnector(options.connector, at('connector')), at('connector'))
  const { connector, keys, keyUrl } = options
  const access = createKeyAccess({ connector: connector.id, keys, keyUrl, clock, at })
  const keyrings = keyringsOf(at('secrets'), options, webhook, { hashes, signatures, keys: access, clock, source })
  const couldBeChallenge = challengeGuard(webhook)
  const findHint = hintFinder(clock)

  const judgeWith = (
    keyring: Keyring | VerifyFailureReason,
    reader: RequestReader,
    isRenewed: boolean,
  ): MaybePromise<VerifyResult> => {
    if (typeof keyring === 'string') return notVerified(keyring)
    // No fall-through: else whoever cannot sign would choose the weaker scheme.
    const scheme = keyring.schemes.find(({ applies }) => applies(reader))
    if (scheme === undefined) return notVerified('missing_header')
    if (couldBeChallenge?.(reader) === true) return notVerified('could_be_challenge')
    return chain(scheme.verify(reader), (result) =>
      result.ok ? result : reconsider(result, reader, scheme, isRenewed),
    )
  }

  /** Tries newer secrets if there may be some, else looks for what went wrong. */
  const reconsider = (
    failure: NotVerified,
    reader: RequestReader,
    scheme: KeyringScheme,
    isRenewed: boolean,
  ): MaybePromise<VerifyResult> => {
    const newer = isRenewed || failure.reason !== 'mismatch' ? undefined : keyrings.renew(reader)
    return chain(newer, (keyring) =>
      keyring === undefined
        ? chain(findHint(failure, reader, scheme), (hint) => (hint === undefined ? failure : { ...failure, hint }))
        : judgeWith(keyring, reader, true),
    )
  }

  const judge = (reader: RequestReader): MaybePromise<VerifyResult> =>
    chain(keyrings.of(reader), (keyring) => judgeWith(keyring, reader, false))

  return {
    verify: (request) => judge(new RequestReader(request)),
    judge,
    secretsFor: (reader) =>
      chain(keyrings.of(reader), (keyring) => {
        if (keyring === 'key_unavailable') throw secretsUnavailable()
        if (typeof keyring === 'string') return []
        return keyring.secrets.filter((secret) => isValidAt(secret, reader.request.receivedAt))
      }),
    forgetSecrets: () => keyrings.forget(),
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

interface KeyringPlatform {
  readonly hashes: HashProvider
  readonly signatures: SignatureProvider
  readonly keys: KeyAccess
  readonly clock: Clock
  readonly source: string | undefined
}

function keyringsOf(
  path: string,
  { connector, secrets, allowUnverified = false, toleranceMs }: VerifierOptions,
  webhook: WebhookDescription,
  { clock, source, ...providers }: KeyringPlatform,
): Keyrings {
  checkOptions('', { allowUnverified, toleranceMs }, { allowUnverified: boolean, toleranceMs: durationMs() })
  const setup = { ...providers, path, webhook, allowUnverified, toleranceMs }
  const compile = (values: readonly unknown[]): Keyring => compileKeyring(checkSecrets(path, values), setup)
  const resolved = resolvedSecretsOf(path, secrets)
  if (resolved === undefined) return fixedKeyring(compile((secrets ?? []) as readonly unknown[]))
  const { tenantOf } = resolved
  return resolvedKeyrings({
    source: source ?? connector.id,
    options: resolved,
    tenantOf: (reader) => (tenantOf === undefined ? reader.text(webhook.tenant) : tenantOf(reader.request)),
    compile,
    clock,
  })
}

function secretsUnavailable(): IntegrationError {
  return new IntegrationError({
    code: 'upstream_unavailable',
    reason: 'key_unavailable',
    message: 'The secrets cannot be looked up now.',
  })
}
