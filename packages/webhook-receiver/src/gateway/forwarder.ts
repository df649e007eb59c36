import type { HeaderPairs } from '../buffer/event-buffer.ts'

/** A request on its way to the target: as it came, with a body that is complete. */
export interface ForwardedRequest {
  readonly method: string
  /** Absolute, or path and query; only path and query are used. */
  readonly url: string
  readonly headers: HeaderPairs
  readonly body: Uint8Array
}

/** The target's answer. Its body must be read to its end, or discarded. */
export interface TargetReply {
  readonly status: number
  readonly headers: HeaderPairs
  /** The bytes as they come; `null` where there are none by definition. */
  readonly body: AsyncIterable<Uint8Array> | null
  /** Frees the connection of an answer that nobody reads. */
  discard(): void
}

/** Sends requests to a target, unchanged but for what belongs to a single connection. */
export interface Forwarder {
  /**
   * Resolves when the head of the answer is there, whatever its status. Redirects are answers.
   *
   * @throws what the transport throws, when no answer came; the signal's reason or an `AbortError` when `signal` aborts.
   */
  forward(request: ForwardedRequest, signal: AbortSignal): Promise<TargetReply>
  /** Closes idle connections. */
  close(): void
}

// RFC 9110 section 7.6.1, and what older proxies send. `expect` is settled by whoever has the complete body.
const perConnection: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The headers that go on to the next hop: all but those of the connection, and those that `connection` names. */
export function endToEndHeaders(headers: HeaderPairs): HeaderPairs {
  const named = new Set<string>()
  for (const [name, value] of headers) {
    if (name.toLowerCase() !== 'connection') continue
    for (const token of value.split(',')) named.add(token.trim().toLowerCase())
  }
  return headers.filter(([name]) => {
    const lower = name.toLowerCase()
    return !perConnection.has(lower) && !named.has(lower)
  })
}

/** The headers of a request whose body has `bodyBytes` bytes. */
export function requestHeaders({ method, headers }: ForwardedRequest, bodyBytes: number): HeaderPairs {
  const kept = endToEndHeaders(headers).filter(([name]) => name.toLowerCase() !== 'content-length')
  const hasNoBody = bodyBytes === 0 && (method === 'GET' || method === 'HEAD')
  return hasNoBody ? kept : [...kept, ['content-length', String(bodyBytes)]]
}

/** Whether a request asks about the server and not about one resource of it: `OPTIONS *`, or its absolute form (RFC 9112 section 3.2.4). */
export function isAboutServer({ method, url }: Pick<ForwardedRequest, 'method' | 'url'>): boolean {
  return method === 'OPTIONS' && (url === '*' || /^[a-z][a-z\d+.-]*:\/\/[^/?#]*$/i.test(url))
}

/** Path and query of a URL, byte for byte. */
export function pathAndQueryOf(url: string): string {
  const authority = url.indexOf('://')
  const isAbsolute = authority > 0 && url.search(/[/?#]/) === authority + 1
  const start = isAbsolute ? url.slice(authority + 3).search(/[/?#]/) + authority + 3 : 0
  const rest = isAbsolute && start < authority + 3 ? '' : url.slice(start)
  const [withoutFragment = ''] = rest.split('#', 1)
  return withoutFragment.startsWith('/') ? withoutFragment : `/${withoutFragment}`
}
