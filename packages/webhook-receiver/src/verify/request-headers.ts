import type { HeaderPairs } from '../buffer/event-buffer.ts'

/** Every value of the header `name` (lower-case), in the order in which they came. */
export function headerValues(headers: HeaderPairs, name: string): readonly string[] {
  let values: string[] | undefined
  for (const pair of headers) {
    const candidate = pair[0]
    // The length first: it rules out nearly all headers without making a lower-case copy.
    if (candidate.length === name.length && candidate.toLowerCase() === name) {
      if (values === undefined) values = [pair[1]]
      else values.push(pair[1])
    }
  }
  return values ?? none
}

/** The values of `name` joined as the Fetch standard joins them. `undefined`: absent. */
export function joinedHeader(headers: HeaderPairs, name: string): string | undefined {
  const values = headerValues(headers, name)
  return values.length < 2 ? values[0] : values.join(', ')
}

const none: readonly string[] = []
