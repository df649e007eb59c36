import type { SelectedScheme } from './compile-scheme.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { RequestReader } from './request-reader.ts'
import type { ProbedScheme } from './scheme-probes.ts'
import type { VerifyFailureReason } from './verify-result.ts'
import type { CheckedSecret } from './webhook-secret.ts'

/** The secrets that are accepted from a sender, and the schemes that were prepared with them. */
export interface Keyring {
  readonly secrets: readonly CheckedSecret[]
  readonly schemes: readonly KeyringScheme[]
}

/** A scheme with its secrets. */
export type KeyringScheme = SelectedScheme & ProbedScheme

/** Finds the keyring for the sender of a request. */
export interface Keyrings {
  readonly of: (reader: RequestReader) => MaybePromise<Keyring | VerifyFailureReason>
  /** The keyring again where a look-up may bring newer secrets than `of` gave; else `undefined`. */
  readonly renew: (reader: RequestReader) => MaybePromise<Keyring | undefined>
  /** Forgets what was looked up. */
  readonly forget: () => void
}

/** One keyring for everybody. */
export function fixedKeyring(keyring: Keyring): Keyrings {
  return { of: () => keyring, renew: () => undefined, forget: () => {} }
}
