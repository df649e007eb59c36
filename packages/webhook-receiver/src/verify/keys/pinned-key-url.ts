import type { FetchedKey } from '@holdfast/core'
import { matchesHost, matchesPath } from './url-pattern.ts'

/**
 * The URL that a request names as the place of its key, if the connector allows it: https on the standard port, one of the
 * hosts, the path, and nothing else. Whoever sends a request would otherwise say where our server connects to, and which key
 * it trusts.
 */
export function pinnedKeyUrl(named: string, { origin, hosts, path }: FetchedKey): string | undefined {
  if (origin === undefined) return pinnedUrl(named, hosts ?? [], path)
  return named.startsWith('/') ? pinnedUrl(`${origin}${named}`, [new URL(origin).hostname], path) : undefined
}

function pinnedUrl(text: string, hosts: readonly string[], path: string | undefined): string | undefined {
  // Whoever has control characters, backslashes or blanks in a URL wants two parsers to read it differently.
  if (text.length > MAX_URL_LENGTH || !/^https:\/\/[\w.~:/?#%&=+-]+$/.test(text)) return undefined
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const plain =
    url.username === '' &&
    url.password === '' &&
    url.port === '' &&
    url.search === '' &&
    url.hash === '' &&
    // No dots that lead elsewhere.
    text.slice(text.indexOf('/', 'https://'.length)) === url.pathname
  const pinned =
    hosts.some((pattern) => matchesHost(pattern, url.hostname)) &&
    (path === undefined || matchesPath(path, url.pathname))
  return plain && pinned ? url.href : undefined
}

const MAX_URL_LENGTH = 512
