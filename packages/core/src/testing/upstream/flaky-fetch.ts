import { callErrorOf } from './fault-errors.ts'
import { replyBody } from './reply-body.ts'
import { replyHeaders } from './reply-headers.ts'
import { UpstreamEngine } from './upstream-engine.ts'
import type { ResolvedReply } from './upstream-reply.ts'
import type { UpstreamOptions, UpstreamScript } from './upstream-script.ts'

// After so long without an answer undici gives up.
const HEADERS_TIMEOUT_MS = 300_000
const CONNECT_TIMEOUT_MS = 10_000

/** An upstream without a server. */
export interface FlakyFetch extends UpstreamScript {
  /** Has the signature of `fetch`; the host does not matter. */
  readonly fetch: typeof globalThis.fetch
}

/**
 * Makes an upstream that is reached through a `fetch` of its own, without a server: on a `fakeClock` whole days of limits and
 * faults take milliseconds. It throws what the `fetch` of Node.js throws. Redirects are not followed.
 */
export function flakyFetch(options: UpstreamOptions = {}): FlakyFetch {
  return new FetchedUpstream(options)
}

class FetchedUpstream extends UpstreamEngine implements FlakyFetch {
  /** Whether the next request would find a connection that was used. */
  #hasConnection = false

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    signal?.throwIfAborted()
    const body = request.body === null ? new Uint8Array(0) : new Uint8Array(await request.arrayBuffer())
    const { method, url, headers } = request
    const { reply, finished } = await this.answer({
      method,
      url,
      headers: Object.fromEntries(headers),
      body,
      connection: 0,
    })
    try {
      await this.#untilHeaders(reply, signal ?? undefined)
    } catch (error) {
      finished()
      throw error
    }
    const { clock } = this
    const content = method === 'HEAD' ? null : replyBody(reply, { clock, signal: signal ?? undefined, finished })
    if (method === 'HEAD') finished()
    const response = new Response(content, { status: reply.status, headers: replyHeaders(reply) })
    return Object.defineProperty(response, 'url', { value: url.replace(/#.*$/, '') })
  }

  override reset(): void {
    super.reset()
    this.#hasConnection = false
  }

  async #untilHeaders({ fault, delayMs }: ResolvedReply, signal: AbortSignal | undefined): Promise<void> {
    if (delayMs > 0) await this.clock.sleep(delayMs, signal)
    if (fault === 'hang') await this.clock.sleep(HEADERS_TIMEOUT_MS, signal)
    if (fault === 'connect_timeout') await this.clock.sleep(CONNECT_TIMEOUT_MS, signal)
    signal?.throwIfAborted()
    const isOnNew = !this.#hasConnection
    const error = fault === 'stale_connection' && isOnNew ? undefined : callErrorOf(fault)
    this.#hasConnection = error === undefined
    if (error !== undefined) throw error
  }
}
