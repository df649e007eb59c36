import type { HeaderPairs } from '../buffer/event-buffer.ts'

/** Node's `rawHeaders`, in which names and values take turns, as pairs. */
export function headerPairs(rawHeaders: readonly string[]): HeaderPairs {
  const pairs: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    pairs.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? ''])
  return pairs
}
