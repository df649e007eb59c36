import { type Clock, type FetchedKey, InvalidOptionsError } from '@holdfast/core'
import { compileKeyFinder, type KeyFinder } from './find-keys.ts'
import type { KeyFetcher } from './key-fetcher.ts'
import { createKeyRing } from './key-ring.ts'
import { compileKeyLocator } from './locate-key.ts'

/** How the schemes of one verifier come to published keys. */
export interface KeyAccess {
  /** Whether the application gave what fetches keys. */
  readonly isAvailable: boolean
  /**
   * Prepares to find the keys of a source.
   *
   * @throws InvalidOptionsError when the application gave no `keys`, or no `keyUrl` where the provider has no URL for everybody.
   */
  finderOf(source: FetchedKey): KeyFinder
}

/** What the application gave. */
export interface KeyAccessOptions {
  /** Id of the connector. */
  readonly connector: string
  readonly keys: KeyFetcher | undefined
  readonly keyUrl: string | undefined
  readonly clock: Clock
  /** Place of an option, for messages. */
  readonly at: (key: string) => string
}

/**
 * Checks and keeps how keys are fetched.
 *
 * @throws InvalidOptionsError when `keys` is no key fetcher, or `keyUrl` no https URL.
 */
export function createKeyAccess({ connector, keys, keyUrl, clock, at }: KeyAccessOptions): KeyAccess {
  if (keys !== undefined && typeof (keys as Partial<KeyFetcher> | null)?.fetchKey !== 'function') {
    throw new InvalidOptionsError({
      path: at('keys'),
      expected: wantedFetcher,
      received: undefined,
      receivedText: 'none',
    })
  }
  if (keyUrl !== undefined && !isHttps(keyUrl)) {
    throw new InvalidOptionsError({ path: at('keyUrl'), expected: 'an https URL', received: keyUrl })
  }
  return {
    isAvailable: keys !== undefined,
    finderOf(source) {
      if (keys === undefined) {
        throw new InvalidOptionsError({
          path: at('keys'),
          expected: wantedFetcher,
          received: undefined,
          hint: 'The provider publishes the keys that it signs with.',
        })
      }
      if (keyUrl === undefined && source.url === undefined) {
        throw new InvalidOptionsError({
          path: at('keyUrl'),
          expected: 'the URL where the provider publishes the keys of your account',
          received: undefined,
        })
      }
      const ring = createKeyRing({ connector, source, fetcher: keys, clock })
      return compileKeyFinder(compileKeyLocator(source, keyUrl), ring)
    },
  }
}

const wantedFetcher = 'a key fetcher such as `createKeyFetcher()`'

function isHttps(url: unknown): boolean {
  return typeof url === 'string' && url.startsWith('https://') && URL.canParse(url)
}
