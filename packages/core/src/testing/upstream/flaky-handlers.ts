import { bodyErrorOf, callErrorOf } from './fault-errors.ts'
import { replyBody, untilFault } from './reply-body.ts'
import { replyHeaders } from './reply-headers.ts'
import { UpstreamEngine } from './upstream-engine.ts'
import { isConnectionFault } from './upstream-faults.ts'
import type { ResolvedReply, UpstreamReply } from './upstream-reply.ts'
import type { UpstreamOptions, UpstreamScript } from './upstream-script.ts'

// msw sends the headers with the first bytes, and what breaks right behind them takes both along.
const BEFORE_BREAK_MS = 20

/** What is used of msw: its `http` and its `HttpResponse`. */
export interface Msw<Handler> {
  readonly http: {
    readonly all: (predicate: RegExp, resolver: (info: { readonly request: Request }) => Promise<Response>) => Handler
  }
  readonly HttpResponse: {
    new (body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> | null, init: ResponseInit): Response
    error(): Response
  }
}

/** An upstream behind handlers of msw. */
export interface FlakyHandlers<Handler> extends UpstreamScript {
  /** For `setupServer(...handlers)` or `server.use(...handlers)`. */
  readonly handlers: readonly Handler[]
}

/**
 * Makes an upstream out of handlers for msw, which is yours: `flakyHandlers({ http, HttpResponse }, 'https://api.example.com')`.
 * All requests below `baseUrl` are handled; routes are whole paths, with that of `baseUrl`. What breaks before the first byte of the
 * body is msw's network error, which says no more than that; where the connection matters, use `flakyUpstream`.
 */
export function flakyHandlers<Handler>(
  msw: Msw<Handler>,
  baseUrl: string,
  options: UpstreamOptions = {},
): FlakyHandlers<Handler> {
  return new HandledUpstream(msw, baseUrl, options)
}

class HandledUpstream<Handler> extends UpstreamEngine implements FlakyHandlers<Handler> {
  readonly handlers: readonly Handler[]
  readonly #response: Msw<Handler>['HttpResponse']

  constructor({ http, HttpResponse }: Msw<Handler>, baseUrl: string, options: UpstreamOptions) {
    super(options)
    this.#response = HttpResponse
    const base = new URL(baseUrl).href.replace(/\/$/, '').replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    this.handlers = [http.all(new RegExp(`^${base}(?:[/?].*)?$`), ({ request }) => this.#handle(request))]
  }

  protected override refusalOf({ fault }: UpstreamReply): string | undefined {
    return isConnectionFault(fault) ? 'a fault of an upstream that was reached: `flakyFetch` has the others' : undefined
  }

  async #handle(request: Request): Promise<Response> {
    const { method, url, headers, signal } = request
    const body = new Uint8Array(await request.arrayBuffer())
    const arrived = { method, url, headers: Object.fromEntries(headers), body, connection: 0 }
    const { reply, finished } = await this.answer(arrived)
    const isAbandoned = await this.#wait(reply, signal)
    if (isAbandoned || breaksBeforeBody(reply)) {
      finished()
      return this.#response.error()
    }
    const fields = replyHeaders(reply)
    const isHeadersOnly = method === 'HEAD'
    if (!isHeadersOnly) announce(reply, fields)
    const { clock } = this
    const sent = reply.fault === 'encoding_wrong' ? { ...reply, fault: undefined } : reply
    const content = replyBody(isHeadersOnly ? { ...sent, status: 204 } : sent, {
      clock,
      signal,
      finished,
      beforeBreakMs: BEFORE_BREAK_MS,
    })
    return new this.#response(content, { status: reply.status, headers: fields })
  }

  /** Whether the caller has gone meanwhile: msw must be told something, and nobody hears it. */
  async #wait({ delayMs, fault }: ResolvedReply, signal: AbortSignal): Promise<boolean> {
    try {
      if (delayMs > 0) await this.clock.sleep(delayMs, signal)
      if (fault === 'hang') await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    } catch {}
    return signal.aborted
  }
}

function breaksBeforeBody(reply: ResolvedReply): boolean {
  if (reply.fault === 'stale_connection') return false
  return (
    callErrorOf(reply.fault) !== undefined ||
    (reply.fault !== 'encoding_wrong' && bodyErrorOf(reply.fault) !== undefined && untilFault(reply).body.length === 0)
  )
}

/** A body that breaks off is only seen to do so where it was announced to be longer. */
function announce(reply: ResolvedReply, fields: Headers): void {
  const { fault, body } = reply
  if (fault === 'encoding_wrong' || fault === 'body_too_long') fields.set('content-length', String(body.length))
  else if (bodyErrorOf(fault) !== undefined) fields.set('content-length', String(untilFault(reply).body.length + 1))
}
