import type { KeyFetcher } from './key-fetcher.ts'

/**
 * Makes a `KeyFetcher` that answers from a map and makes no network call, for tests: the document of the key's id, or else that
 * of the URL. What the map lacks does not exist.
 */
export function fixedKeys(documents: Readonly<Record<string, string>>): KeyFetcher {
  const documentAt = (name: string): string | undefined =>
    Object.hasOwn(documents, name) ? documents[name] : undefined
  return {
    async fetchKey({ keyId, url }) {
      const text = (keyId === undefined ? undefined : documentAt(keyId)) ?? documentAt(url)
      return text === undefined ? undefined : { text }
    },
  }
}
