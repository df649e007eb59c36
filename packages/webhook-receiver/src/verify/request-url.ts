/** The pieces of a URL as they came, without any normalisation: providers sign the text and not its meaning. */
export interface UrlPieces {
  /** `https://` and the like; empty where the URL is not absolute. */
  readonly scheme: string
  /** `user:password@`. */
  readonly credentials: string
  readonly host: string
  /** With its colon. */
  readonly port: string
  readonly path: string
  /** With its question mark; `?` alone where it is there and empty. */
  readonly query: string
}

const ABSOLUTE = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)(.*)$/is

/** Splits a URL, absolute or path and query. A fragment is dropped, for no request has one. */
export function splitUrl(url: string): UrlPieces {
  const [, scheme = '', authority = '', rest = url] = ABSOLUTE.exec(url) ?? []
  const hostStart = authority.lastIndexOf('@') + 1
  const hostAndPort = authority.slice(hostStart)
  // Behind the bracket of an IPv6 address a colon is part of no address any more.
  const portStart = hostAndPort.indexOf(':', hostAndPort.lastIndexOf(']') + 1)
  const fragment = rest.indexOf('#')
  const target = fragment === -1 ? rest : rest.slice(0, fragment)
  const queryStart = target.indexOf('?')
  return {
    scheme,
    credentials: authority.slice(0, hostStart),
    host: portStart === -1 ? hostAndPort : hostAndPort.slice(0, portStart),
    port: portStart === -1 ? '' : hostAndPort.slice(portStart),
    path: queryStart === -1 ? target : target.slice(0, queryStart),
    query: queryStart === -1 ? '' : target.slice(queryStart),
  }
}

/** Puts a URL together again. */
export function joinUrl({ scheme, credentials, host, port, path, query }: UrlPieces): string {
  return scheme + credentials + host + port + path + query
}

/** The query of a URL, without its question mark. */
export function queryOf(url: string): string {
  const start = url.indexOf('?')
  if (start === -1) return ''
  const fragment = url.indexOf('#', start)
  return url.slice(start + 1, fragment === -1 ? undefined : fragment)
}
