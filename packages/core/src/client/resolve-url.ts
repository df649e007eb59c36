/** The URL of a request: those with a `scheme://` as they are, all others appended to the base with one slash between. */
export function resolveUrl(baseUrl: string | undefined, url: string | URL): string {
  const text = String(url)
  if (baseUrl === undefined || /^\s*[a-z][a-z\d+.-]*:\/\//i.test(text)) return text
  // Appended, never resolved: `//other.example` and `../` with a base must not lead to another host.
  const base = baseUrl.replace(/[?#].*$/s, '').replace(/\/+$/, '')
  return text === '' || /^[?#]/.test(text) ? base + text : `${base}/${text.replace(/^\/+/, '')}`
}
