import type { Clock } from '@holdfast/core'
import type { Keyring, Keyrings } from './keyring.ts'
import { chain, type MaybePromise } from './maybe-promise.ts'
import type { RequestReader } from './request-reader.ts'
import { type Resolution, ResolverCache } from './resolver-cache.ts'
import type { CompleteResolvedSecrets, SecretQuery } from './secret-resolver.ts'
import type { VerifyFailureReason } from './verify-result.ts'

/** What keyrings that are looked up stand on. */
export interface ResolvedKeyringsSetup {
  readonly source: string
  readonly options: CompleteResolvedSecrets
  /** Who sends a request, as far as it says. */
  readonly tenantOf: (reader: RequestReader) => string | undefined
  /** Checks secrets and prepares the schemes with them. Throws when they are not as they should be. */
  readonly compile: (secrets: readonly unknown[]) => Keyring
  readonly clock: Clock
}

// Longer names are nobody's: they would only fill the memory.
const MAX_KEY_LENGTH = 513

/** A keyring for each tenant, made from what the application looks up. */
export function resolvedKeyrings({ source, options, tenantOf, compile, clock }: ResolvedKeyringsSetup): Keyrings {
  const { resolve, timeoutMs, ttlMs, negativeTtlMs, maxTenants } = options

  const load = (key: string): MaybePromise<Keyring | undefined> => {
    const controller = new AbortController()
    const tenant = tenantOfKey(key)
    const query: SecretQuery = {
      source,
      signal: controller.signal,
      ...(tenant === undefined ? undefined : { tenant }),
    }
    const answer = resolve(query)
    if (!(answer instanceof Promise)) return keyringOf(answer, compile)
    return withTimeout(answer, timeoutMs, controller, clock).then((secrets) => keyringOf(secrets, compile))
  }

  const cache = new ResolverCache<Keyring>({ load, ttlMs, negativeTtlMs, maxEntries: maxTenants, clock })

  /** `undefined`: the application could not say who sends. */
  const keyOf = (reader: RequestReader): string | undefined => {
    try {
      return keyOfTenant(tenantOf(reader))
    } catch {
      return undefined
    }
  }

  return {
    of(reader) {
      const key = keyOf(reader)
      if (key === undefined) return 'key_unavailable'
      return key.length > MAX_KEY_LENGTH ? 'unknown_key' : chain(cache.get(key), keyringOrReason)
    },
    renew(reader) {
      const key = keyOf(reader)
      if (key === undefined) return undefined
      return chain(cache.renew(key), (resolution) => (resolution?.state === 'found' ? resolution.value : undefined))
    },
    forget: () => cache.clear(),
  }
}

function keyringOf(secrets: unknown, compile: (secrets: readonly unknown[]) => Keyring): Keyring | undefined {
  if (!Array.isArray(secrets)) throw new TypeError('The resolver of secrets returned no array.')
  return secrets.length === 0 ? undefined : compile(secrets)
}

function keyringOrReason(resolution: Resolution<Keyring>): Keyring | VerifyFailureReason {
  if (resolution.state === 'found') return resolution.value
  return resolution.state === 'absent' ? 'unknown_key' : 'key_unavailable'
}

// No tenant is something else than a tenant without a name.
function keyOfTenant(tenant: string | undefined): string {
  return tenant === undefined ? '' : `:${tenant}`
}

function tenantOfKey(key: string): string | undefined {
  return key === '' ? undefined : key.slice(1)
}

function withTimeout<Value>(
  promise: Promise<Value>,
  timeoutMs: number,
  controller: AbortController,
  clock: Clock,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(
      timeoutMs,
      () => {
        const error = new Error('The look-up of secrets took too long.')
        reject(error)
        controller.abort(error)
      },
      { background: true },
    )
    promise.then(resolve, reject).finally(cancel)
  })
}
