/**
 * Removes from a URL (or from any text that starts with one) what may be secret: user, password, query and fragment.
 * A removed query leaves `?…`, so that one can see that there was one. Never throws.
 */
export function redactUrl(url: string): string {
  return url
    .replace(/\/\/[^/?#@\s]*@/g, '//')
    .replace(/\?[^\s]*/, '?…')
    .replace(/#[^\s]*/, '')
}
