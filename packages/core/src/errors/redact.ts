const AUTHORITY = /^((?:[a-z]+ )?(?:[a-z][a-z\d+.-]*:[\\/]*|[\\/]{2}))([^\\/]*)/i
const VALID_PORT = /^(?:[^:]*|\[[^\]]*\])(?::\d*)?$/

/**
 * Removes from a URL, or from `METHOD URL`, what may be secret: user, password, query and fragment. Takes relative URLs
 * and text that is no URL at all. A removed query leaves `?…`, so that one can see that there was one. Never throws.
 */
export function redactUrl(url: string): string {
  const end = url.search(/[?#]/)
  const head = end < 0 ? url : url.slice(0, end)
  if (/^(?:[a-z]+ )?\s*data:/i.test(head)) return 'data:…'
  return redactAuthority(head) + (url[end] === '?' ? '?…' : '')
}

function redactAuthority(head: string): string {
  const match = AUTHORITY.exec(head)
  if (match === null) return head
  const [whole, prefix = '', authority = ''] = match
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  // What has no valid port is no host but the beginning of `user:password` with a `/`, `?` or `#` in the password.
  return VALID_PORT.test(host) ? prefix + host + head.slice(whole.length) : `${prefix}…`
}

const URL_IN_TEXT = /\b[a-z][a-z\d+.-]*:\/\/[^\s"'<>]+/gi
const CREDENTIALS = /\b(bearer|basic|digest|token)\s+[^\s"',;]+/gi
const NAMED_SECRET =
  /((?:token|secret|password|passwd|pwd|api[_-]?key|access[_-]?key|credential|signature|assertion|code)s?["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi
const TOKEN_LIKE = /[\w.~+/=-]{20,}/g

/**
 * Removes from a provider's text what looks secret: queries and users of URLs, credentials after `Bearer` and the like,
 * values after names such as `token=`, and every run of 20 or more characters that has letters and digits. Never throws.
 */
export function redactText(text: string): string {
  return text
    .replace(URL_IN_TEXT, redactUrl)
    .replace(CREDENTIALS, '$1 …')
    .replace(NAMED_SECRET, '$1…')
    .replace(TOKEN_LIKE, (run) => (/\d/.test(run) && /[a-z]/i.test(run) && !run.includes('://') ? '…' : run))
}
