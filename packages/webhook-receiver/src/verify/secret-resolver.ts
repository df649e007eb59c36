import { callback, checkOptions, durationMs, integer, plainObject, InvalidOptionsError } from '@holdfast/core'
import type { MaybePromise } from './maybe-promise.ts'
import type { VerifiableRequest } from './verifiable-request.ts'
import { describeSecretType, type WebhookSecret } from './webhook-secret.ts'

/** Whose secrets are asked for. It is all that the answer may depend on, for the answer is kept and used again. */
export interface SecretQuery {
  /** Name of the source, or id of the connector where there is no source. */
  readonly source: string
  /** Who sends, as the request says: nothing of it is proved yet. Absent where the request does not say. */
  readonly tenant?: string
  /** Aborts when `timeoutMs` has passed. */
  readonly signal: AbortSignal
}

/**
 * Looks up the secrets that are accepted from a tenant, at once or later. None for one that is not known; throws or rejects
 * when it cannot be said now, and the request is answered 503.
 */
export type SecretResolver = (query: SecretQuery) => MaybePromise<readonly (string | WebhookSecret)[]>

/** Secrets that are looked up, and how long what was found is kept. */
export interface ResolvedSecrets {
  readonly resolve: SecretResolver
  /** Who sends a request. Default: the connector's `tenant`. */
  readonly tenantOf?: (request: VerifiableRequest) => string | undefined
  /** How long secrets are kept before they are looked up again, in milliseconds. Default: `300_000`. */
  readonly ttlMs?: number
  /**
   * How long it is kept that a tenant has none, in milliseconds. Secrets older than this are looked up again as soon as a
   * signature does not fit them, so that a new secret counts at once. Default: `10_000`.
   */
  readonly negativeTtlMs?: number
  /** Tenants whose secrets are kept; those that were used last. Default: `10_000`. */
  readonly maxTenants?: number
  /** A look-up that takes longer has failed, in milliseconds. Default: `5_000`. */
  readonly timeoutMs?: number
}

/** Defaults of `ResolvedSecrets`. */
export const defaultResolvedSecrets: Readonly<
  Required<Pick<ResolvedSecrets, 'ttlMs' | 'negativeTtlMs' | 'maxTenants' | 'timeoutMs'>>
> = Object.freeze({ ttlMs: 300_000, negativeTtlMs: 10_000, maxTenants: 10_000, timeoutMs: 5_000 })

/** `ResolvedSecrets` with all its defaults. */
export type CompleteResolvedSecrets = ResolvedSecrets & typeof defaultResolvedSecrets

/** What `secrets` may be. */
export type SecretsOption = readonly (string | undefined | WebhookSecret)[] | SecretResolver | ResolvedSecrets

/**
 * The look-up of secrets, with its defaults; `undefined` where they are given as a list.
 *
 * @throws InvalidOptionsError when an option is wrong. What came is described, never shown.
 */
export function resolvedSecretsOf(
  path: string,
  secrets: SecretsOption | undefined,
): CompleteResolvedSecrets | undefined {
  if (secrets === undefined || Array.isArray(secrets)) return undefined
  if (typeof secrets === 'function') return { ...defaultResolvedSecrets, resolve: secrets }
  if (plainObject(secrets) !== undefined)
    throw new InvalidOptionsError({
      path,
      expected: 'an array of secrets, or a function that looks them up',
      received: undefined,
      receivedText: describeSecretType(secrets),
    })
  checkOptions(path, secrets, {
    resolve: callback,
    tenantOf: callback,
    ttlMs: durationMs(),
    negativeTtlMs: durationMs(),
    maxTenants: integer({ min: 1 }),
    timeoutMs: durationMs({ min: 1 }),
  })
  const options = secrets as ResolvedSecrets
  if (options.resolve === undefined)
    throw new InvalidOptionsError({ path: `${path}.resolve`, expected: 'a function', received: undefined })
  return { ...defaultResolvedSecrets, ...options }
}
