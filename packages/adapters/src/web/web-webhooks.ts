import { checkNeededSource } from '../node-http/checked-receiver.ts'
import { type LateReceiver, lateReceiver } from './late-receiver.ts'
import { peerAddress } from './peer-address.ts'
import { sourcePath } from './source-path.ts'
import { acceptRequest, incomingRequest, type SpentBodyAdvice, toResponse } from './web-request.ts'

const advice: SpentBodyAdvice = { fix: 'Hand the request over first, or read a copy: `request.clone()`.' }

/** How requests find their source. */
export interface WebWebhooksOptions {
  /**
   * Name of the source; or a path that begins with `/` and has the segment `:source`, such as `/webhooks/:source`, which the
   * whole path must match; or a function that finds the name in the request. Where none is found the request is answered
   * 404, as for a name that does not exist; a function that throws or rejects has found none.
   */
  readonly source: string | ((request: Request) => string | Promise<string>)
}

/** What Workers, Bun and Deno take as their `fetch`. The second argument is theirs. */
export type WebWebhooksHandler = (request: Request, platform?: unknown) => Promise<Response>

/**
 * A function from `Request` to `Response` that hands every request to the receiver: `fetch` of a Worker, of `Bun.serve` and
 * of `Deno.serve`. It answers each request, and throws nothing but what a function in the place of the receiver throws. A body
 * that was read before is answered 500 and reported as `webhook:refused` with a `RawBodyUnavailableError`.
 *
 * @throws InvalidOptionsError when the receiver or an option is wrong, or `source` is a path without the segment `:source`.
 */
export function webWebhooks(receiver: LateReceiver, options: WebWebhooksOptions): WebWebhooksHandler {
  const intake = lateReceiver(receiver)
  checkNeededSource(options)
  const sourceOf = sourceFinder(options.source)
  return async (request, platform) => {
    const incoming = incomingRequest(request, peerAddress(request, platform))
    // A name that is there at once is not awaited: each await puts the request behind all others.
    const source = sourceOf(request)
    const name = typeof source === 'string' ? source : await source
    const { reply } = await acceptRequest(intake, name, request, incoming, advice)
    return toResponse(reply, platform)
  }
}

function sourceFinder(source: WebWebhooksOptions['source']): (request: Request) => string | Promise<string> {
  if (typeof source === 'string') {
    if (!source.startsWith('/')) return () => source
    const fromPath = sourcePath(source)
    return ({ url }) => fromPath(new URL(url).pathname)
  }
  return async (request) => {
    try {
      return await source(request)
    } catch {
      return ''
    }
  }
}
