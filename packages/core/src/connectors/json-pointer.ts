const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/
const ARRAY_INDEX = /^(?:0|[1-9]\d*)$/

/** Whether `text` is a well-formed JSON Pointer (RFC 6901): empty, or segments that each start with `/`. */
export function isJsonPointer(text: string): boolean {
  return POINTER.test(text)
}

/**
 * Reads the value that a JSON Pointer (RFC 6901) names inside `value`; the empty pointer is `value` itself.
 * Only own properties and array items are seen. What does not exist, and a malformed pointer, give `undefined`. Never throws.
 */
export function readPointer(value: unknown, pointer: string): unknown {
  if (pointer === '') return value
  // Most answers are judged without a body; they pay nothing for the rules that look into one.
  if (typeof value !== 'object' || value === null) return undefined
  let current: unknown = value
  // Segment by segment: this is done for every webhook, and splitting costs more than all the rest.
  for (let slash = 0; slash < pointer.length; ) {
    const next = pointer.indexOf('/', slash + 1)
    const end = next === -1 ? pointer.length : next
    const key = pointer[slash] === '/' ? unescapeSegment(pointer.slice(slash + 1, end)) : undefined
    if (key === undefined || typeof current !== 'object' || current === null) return undefined
    if (Array.isArray(current) && !ARRAY_INDEX.test(key)) return undefined
    if (!Object.hasOwn(current, key)) return undefined
    current = (current as Readonly<Record<string, unknown>>)[key]
    slash = end
  }
  return current
}

function unescapeSegment(segment: string): string | undefined {
  if (!segment.includes('~')) return segment
  // RFC 6901 section 4: `~1` first, so that `~01` becomes `~1` and not `/`.
  return isJsonPointer(`/${segment}`) ? segment.replaceAll('~1', '/').replaceAll('~0', '~') : undefined
}
