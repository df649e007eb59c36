import { InvalidOptionsError } from '@holdfast/core'

/**
 * Reads the name of the source from a path, where the pattern has the segment `:source`, as `/webhooks/:source` has it.
 * Gives an empty name, which no source has, for every other path.
 *
 * @throws InvalidOptionsError when the pattern has no such segment, or several.
 */
export function sourcePath(pattern: string): (path: string) => string {
  const wanted = pattern.split('/')
  const at = wanted.indexOf(':source')
  if (at < 0 || at !== wanted.lastIndexOf(':source')) {
    throw new InvalidOptionsError({
      path: 'source',
      expected: 'a name, or a path with one segment `:source` such as `/webhooks/:source`',
      received: pattern,
    })
  }
  return (path) => {
    const segments = path.split('/')
    const matches =
      segments.length === wanted.length && wanted.every((want, index) => index === at || want === segments[index])
    return matches ? decoded(segments[at] ?? '') : ''
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return ''
  }
}
