import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { endToEndHeaders, type Forwarder, isAboutServer, pathAndQueryOf, requestHeaders } from './forwarder.ts'

/**
 * A forwarder on `fetch`, for runtimes without `node:http`, or to send through a function made by `createFetch`. The target is asked not to
 * compress, for `fetch` inflates what it hands over. `OPTIONS *`, which `fetch` cannot send, is answered here (RFC 9110 section 9.3.7).
 */
export function fetchForwarder(target: URL, fetch: typeof globalThis.fetch): Forwarder {
  const base = target.href.replace(/\/$/, '')
  return {
    async forward(request, signal) {
      if (isAboutServer(request)) return { status: 204, headers: [], body: null, discard: () => {} }
      const { method, body } = request
      const mayHaveBody = method !== 'GET' && method !== 'HEAD'
      const response = await fetch(base + pathAndQueryOf(request.url), {
        method,
        headers: toHeaders([...requestHeaders(request, body.byteLength), ['accept-encoding', 'identity']]),
        ...(mayHaveBody ? { body: new Uint8Array(body) } : {}),
        redirect: 'manual',
        signal,
      })
      const wasInflated = response.headers.has('content-encoding')
      const headers = endToEndHeaders([...response.headers])
      return {
        status: response.status,
        headers: wasInflated ? headers.filter(([name]) => !/^content-(?:encoding|length)$/.test(name)) : headers,
        body: response.body,
        discard: () => void response.body?.cancel().catch(() => {}),
      }
    },
    close: () => {},
  }
}

// Set by the transport; a `Headers` for `fetch` refuses some of them, others would be told twice.
const ofTransport: ReadonlySet<string> = new Set(['host', 'content-length', 'accept-encoding'])

function toHeaders(pairs: HeaderPairs): Headers {
  const headers = new Headers()
  for (const [name, value] of pairs) {
    if (!ofTransport.has(name.toLowerCase())) headers.append(name, value)
  }
  headers.set('accept-encoding', 'identity')
  return headers
}
