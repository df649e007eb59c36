/** Whether a host fits a pattern: `*` stands for letters, digits and hyphens within a label. */
export function matchesHost(pattern: string, host: string): boolean {
  return patternOf(pattern, '[a-z0-9-]+').test(host)
}

/** Whether a path fits a pattern: `*` stands for anything within a segment, `**` for anything. */
export function matchesPath(pattern: string, path: string): boolean {
  return patternOf(pattern, '[^/]*', '.*').test(path)
}

function patternOf(pattern: string, one: string, many = one): RegExp {
  const source = pattern
    .split(/(\*\*?)/)
    .map((piece) =>
      piece === '*' ? one : piece === '**' ? many : piece.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
    )
    .join('')
  return new RegExp(`^${source}$`)
}
