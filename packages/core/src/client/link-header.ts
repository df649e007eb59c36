// A link-value (RFC 8288 section 3): `<target>` and its parameters, each a token or a quoted string.
const LINK = /<([^<>]*)>((?:\s*;\s*[^\s=;,"]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)/g
const PARAMETER = /;\s*([^\s=;,"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/g

/**
 * The target of the first link with `rel` among its relation types in a `Link` header (RFC 8288); it may be relative.
 * Links about another resource (`anchor`) are passed over. `undefined` when there is none, or no header.
 */
export function linkTarget(header: string | null, rel: string): string | undefined {
  for (const [, target = '', parameters = ''] of (header ?? '').matchAll(LINK)) {
    const values = parametersOf(parameters)
    // Only the first `rel` counts (RFC 8288 section 3.3), and relation types compare without case.
    const relations = values.get('rel')?.toLowerCase().split(/\s+/) ?? []
    if (relations.includes(rel) && !values.has('anchor')) return target.trim()
  }
  return undefined
}

function parametersOf(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const [, name = '', quoted, token = ''] of text.matchAll(PARAMETER)) {
    const key = name.toLowerCase()
    if (!values.has(key)) values.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? token)
  }
  return values
}
