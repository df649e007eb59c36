/** The members of an object or the items of an array, to be written. */
type Container = Record<string, unknown>

/**
 * Writes a value where a JSON Pointer (RFC 6901) leads, into `root`, and makes the objects that are not there.
 *
 * @returns whether that was possible: nothing is written into what is a text or a number.
 */
export function writePointer(root: unknown, pointer: string, value: unknown): boolean {
  const names = pointer.split('/').slice(1).map(unescapeSegment)
  const last = names.pop()
  if (last === undefined || !isContainer(root)) return false
  let target: Container = root
  for (const name of names) {
    const next = Object.hasOwn(target, name) ? target[name] : undefined
    if (next !== undefined && next !== null) {
      if (!isContainer(next)) return false
      target = next
    } else {
      const made: Container = {}
      define(target, name, made)
      target = made
    }
  }
  define(target, last, value)
  return true
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

/** As `JSON.parse` does it: `__proto__` is a name like any other. */
function define(target: Container, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true })
}

function unescapeSegment(segment: string): string {
  // RFC 6901 section 4: `~1` first, so that `~01` becomes `~1` and not `/`.
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}
