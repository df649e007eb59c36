const [SLASH, BACKSLASH, QUESTION_MARK, HASH] = [0x2f, 0x5c, 0x3f, 0x23]

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
  const scheme = url.indexOf('://')
  const start = firstOf(url, scheme < 0 ? 0 : scheme + 3, true)
  const end = firstOf(url, start, false)
  return end === start ? '/' : url.slice(start, end)
}

/** Where the query or the fragment begins or, with `orPath`, the path: at a slash of either kind. */
function firstOf(url: string, from: number, orPath: boolean): number {
  for (let index = from; index < url.length; index++) {
    const code = url.charCodeAt(index)
    if (code === QUESTION_MARK || code === HASH || (orPath && (code === SLASH || code === BACKSLASH))) return index
  }
  return url.length
}

function escapeText(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\/]/g, '\\$&')
}
