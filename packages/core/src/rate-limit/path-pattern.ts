/** Makes a test for paths out of a pattern: `*` stands for anything within a segment, `**` for anything. */
export function pathPattern(pattern: string): RegExp {
  const source = pattern
    .split('**')
    .map((part) => part.split('*').map(escapeText).join('[^/]*'))
    .join('.*')
  return new RegExp(`^${source}$`)
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
