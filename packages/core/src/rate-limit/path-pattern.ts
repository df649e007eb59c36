const WILDCARD = /(\*\*|\*|\{\w+\})/

/**
 * Makes a test for paths out of a pattern: `*` stands for anything within a segment, `**` for anything, and `{name}` for what
 * `*` does, captured.
 */
export function pathPattern(pattern: string): RegExp {
  const source = pattern.split(WILDCARD).map((part, index) => (index % 2 === 1 ? wildcard(part) : escapeText(part)))
  return new RegExp(`^${source.join('')}$`)
}

function wildcard(part: string): string {
  if (part === '**') return '.*'
  return part === '*' ? '[^/]*' : '([^/]+)'
}

/** The path of a URL, without query and fragment; `/` when there is none. */
export function pathOf(url: string): string {
  const authority = url.indexOf('://') + 3
  const path = /[/?#\\]/.exec(url.slice(authority < 3 ? 0 : authority))
  if (path === null || path[0] === '?' || path[0] === '#') return '/'
  const rest = url.slice((authority < 3 ? 0 : authority) + path.index)
  const end = rest.search(/[?#]/)
  return end < 0 ? rest : rest.slice(0, end)
}

function escapeText(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\/]/g, '\\$&')
}
