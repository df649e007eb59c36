import type { IncomingMessage } from 'node:http'
import type { HeaderPairs, IncomingWebhook } from '@holdfast/webhook-receiver'
import { RawBodyUnavailableError } from './raw-body-unavailable-error.ts'
import { requestBytes } from './request-bytes.ts'

/** A request of Node.js as a framework left it. */
export interface NodeRequest {
  readonly message: IncomingMessage
  /** The request target as it came, where a router cut its own part off the message's. */
  readonly target?: string | undefined
  /** What a body parser made of the body. */
  readonly body?: unknown
  /** The bytes, where a platform or a parser kept them. */
  readonly rawBody?: unknown
}

/** What a framework's developer is told when the bytes are gone. */
export interface ParserAdvice {
  /** Who read the body, judged by what it left. Default: somebody. */
  readonly culpritOf?: (request: NodeRequest) => string | undefined
  /** The line that mends it. */
  readonly fix: string
}

/**
 * Turns a request into what the receiver takes. Nothing is parsed, decoded or inflated; the body stays a stream.
 *
 * @throws RawBodyUnavailableError when the body was read by somebody else.
 */
export function incomingWebhook(request: NodeRequest, advice: ParserAdvice): IncomingWebhook {
  return incoming(request, headerPairs(request.message), rawBody(request, advice))
}

/** The same without the body: reading it throws `error`, so that the receiver reports the failure as it reports every other. */
export function unreadableWebhook(request: NodeRequest, error: RawBodyUnavailableError): IncomingWebhook {
  const body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
  }
  // Without headers no declared length can turn the failure into a 413.
  return incoming(request, [], body)
}

function incoming(
  { message, target }: NodeRequest,
  headers: HeaderPairs,
  body: IncomingWebhook['body'],
): IncomingWebhook {
  const { method = '' } = message
  const url = target ?? message.url ?? ''
  const { remoteAddress } = message.socket
  return remoteAddress === undefined ? { method, url, headers, body } : { method, url, headers, body, remoteAddress }
}

function headerPairs({ rawHeaders, headers }: IncomingMessage): HeaderPairs {
  const pairs: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    if (!name.startsWith(':')) pairs.push([name, value])
    // RFC 9113 section 8.3.1: what HTTP/2 has in the place of Host.
    else if (name === ':authority' && headers.host === undefined) pairs.push(['host', value])
  }
  return pairs
}

function rawBody(request: NodeRequest, { culpritOf, fix }: ParserAdvice): IncomingWebhook['body'] {
  const { message, body, rawBody: kept } = request
  const bytes = body instanceof Uint8Array ? body : kept
  if (bytes instanceof Uint8Array) {
    // Parsers inflate before they hand over, and the signature covers what was sent.
    if (isEncoded(message)) throw new RawBodyUnavailableError('A body parser inflated the body', fix)
    return bytes
  }
  if (message.readableEncoding) throw new RawBodyUnavailableError('`request.setEncoding()` ran', fix)
  if (message.readableDidRead) {
    throw new RawBodyUnavailableError(culpritOf?.(request) ?? 'Something read the request body', fix)
  }
  return requestBytes(message)
}

function isEncoded(message: IncomingMessage): boolean {
  const encoding = message.headers['content-encoding']?.trim().toLowerCase()
  return encoding !== undefined && encoding !== '' && encoding !== 'identity'
}
