import type { HeaderPairs } from '../buffer/event-buffer.ts'
import {
  endToEndHeaders,
  type ForwardedRequest,
  type Forwarder,
  isAboutServer,
  pathAndQueryOf,
  requestHeaders,
} from './forwarder.ts'
import { headerPairs } from './header-pairs.ts'

// An answer that nobody reads may be this long before its connection is given up for it.
const MAX_DISCARDED_BYTES = 65_536

// Typed by what is called, not by an import.
const nodeHttp = () => globalThis.process?.getBuiltinModule?.('node:http')
const nodeHttps = () => globalThis.process?.getBuiltinModule?.('node:https')

type Http = NonNullable<ReturnType<typeof nodeHttp>>
type IncomingMessage = InstanceType<Http['IncomingMessage']>

/**
 * A forwarder on `node:http` or `node:https`, which change neither the case nor the order of headers and do not inflate bodies, as `fetch`
 * does. `undefined` where the runtime has no such modules. They are taken without an import, so that bundles for other runtimes
 * hold no trace of them. Names are looked up anew for each new connection.
 */
export function nodeForwarder(target: URL): Forwarder | undefined {
  const isSecure = target.protocol === 'https:'
  const http = isSecure ? nodeHttps() : nodeHttp()
  if (http === undefined) return undefined
  const agent = new http.Agent({ keepAlive: true })
  const prefix = target.pathname.replace(/\/$/, '')
  const host = target.hostname.replace(/^\[|\]$/g, '')
  // Names only: an address is none (RFC 6066), and the certificate is compared with `host` then.
  const servername = /^[\d.]+$|:/.test(host) ? '' : host

  const exchange = (request: ForwardedRequest, signal: AbortSignal): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = requestHeaders(request, request.body.byteLength)
      const outgoing = http.request({
        agent,
        host,
        port: target.port,
        method: request.method,
        path: isAboutServer(request) ? '*' : prefix + pathAndQueryOf(request.url),
        headers: withHost(headers, target).flat(),
        ...(isSecure ? { servername } : {}),
        signal,
      })
      outgoing.on('response', resolve)
      // Nobody has asked for another protocol, and no answer comes behind a 101.
      outgoing.on('upgrade', (response, socket) => {
        socket.destroy()
        resolve(response)
      })
      outgoing.on('error', (error) => reject(outgoing.reusedSocket ? new ReusedConnectionError(error) : error))
      outgoing.end(request.body)
    })

  return {
    async forward(request, signal) {
      let response: IncomingMessage
      try {
        response = await exchange(request, signal)
      } catch (error) {
        if (!(error instanceof ReusedConnectionError)) throw error
        if (signal.aborted) throw error.cause
        // The target closed an idle connection at the moment in which it was used again. That says nothing about the target.
        response = await exchange(request, signal).catch((again: unknown) => {
          throw again instanceof ReusedConnectionError ? again.cause : again
        })
      }
      const status = response.statusCode ?? 0
      if (status < 200) {
        response.destroy()
        throw new Error(`The target answered with ${status}, which is no status of an answer.`)
      }
      return {
        status,
        headers: endToEndHeaders(headerPairs(response.rawHeaders)),
        body: isBodiless(request.method, status) ? null : bytesOf(response),
        discard: () => discard(response),
      }
    },
    close: () => agent.destroy(),
  }
}

/** A connection that had been used before broke before an answer came. */
class ReusedConnectionError extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause })
  }
}

function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304
}

function withHost(headers: HeaderPairs, target: URL): HeaderPairs {
  return headers.some(([name]) => name.toLowerCase() === 'host') ? headers : [['host', target.host], ...headers]
}

/**
 * The bytes as they come. Leaving them early ends the connection at once, also while the target is silent: the iterator of the message
 * would first wait for the next bytes.
 */
function bytesOf(response: IncomingMessage): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const chunks: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]()
      return {
        next: () => chunks.next(),
        return() {
          response.destroy()
          return Promise.resolve({ done: true, value: undefined })
        },
      }
    },
  }
}

function discard(response: IncomingMessage): void {
  let bytes = 0
  response.on('error', () => {})
  response.on('data', (chunk: Uint8Array) => {
    bytes += chunk.byteLength
    if (bytes > MAX_DISCARDED_BYTES) response.destroy()
  })
}
