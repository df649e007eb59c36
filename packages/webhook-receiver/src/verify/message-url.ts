import type { MessagePart } from '@holdfast/core'
import { byteString } from './encoding.ts'
import { comparePairs, parseForm } from './form-pairs.ts'
import { splitUrl } from './request-url.ts'

/** A URL as a message holds it. `undefined`: it is not known, or not whole where the whole is signed. */
export function writeUrl(
  url: string | undefined,
  { form = 'full', sortQuery }: Pick<Extract<MessagePart, { part: 'url' }>, 'form' | 'sortQuery'>,
): string | undefined {
  if (url === undefined) return undefined
  // The URL as it came, but for a fragment: the common case, and nothing can go wrong in it.
  if (form === 'full' && !sortQuery && !url.includes('#')) return url.includes('://') ? byteString(url) : undefined
  const pieces = splitUrl(url)
  if (form === 'full' && pieces.scheme === '') return undefined
  const query = sortQuery ? writeSortedQuery(pieces.query) : pieces.query
  const origin = form === 'full' ? pieces.scheme + pieces.credentials + pieces.host + pieces.port : ''
  return byteString(origin + pieces.path + (form === 'path' ? '' : query))
}

/** The parameters of a query, decoded, sorted by name and value. */
function writeSortedQuery(query: string): string {
  const pairs = parseForm(byteString(query.slice(1))).toSorted(comparePairs)
  return pairs.length === 0 ? '' : `?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`
}
