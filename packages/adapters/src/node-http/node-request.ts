import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HeaderPairs, IncomingWebhook, WebhookReply } from '@holdfast/webhook-receiver'
import { RawBodyUnavailableError } from './raw-body-unavailable-error.ts'
import { requestBytes } from './request-bytes.ts'

/** What frameworks and parsers add to Node's request. */
export interface ParsedRequest extends IncomingMessage {
  /** What a body parser made of the body. */
  readonly body?: unknown
  /** The bytes, where a platform or a parser's `verify` callback kept them. */
  readonly rawBody?: unknown
  /** The URL before a router cut its own part off. */
  readonly originalUrl?: string
}

/**
 * Turns Node's request into what the receiver takes. Nothing is parsed, decoded or inflated; the body stays a stream.
 *
 * @throws RawBodyUnavailableError when the body was read by somebody else.
 */
export function incomingWebhook(request: ParsedRequest): IncomingWebhook {
  return { ...requestLine(request), body: rawBody(request) }
}

/** The same without the body: reading it throws `error`, so that the receiver reports the failure as it reports every other. */
export function unreadableWebhook(request: ParsedRequest, error: RawBodyUnavailableError): IncomingWebhook {
  const body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
  }
  // Without headers no declared length can turn the failure into a 413.
  return { ...requestLine(request), headers: [], body }
}

/** Writes the reply, and lets the rest of an unread body pass so that the connection can be used again. */
export function writeReply(request: IncomingMessage, response: ServerResponse, reply: WebhookReply): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(reply.status, { ...reply.headers, 'content-length': Buffer.byteLength(reply.body) })
  response.end(reply.body)
  if (!request.readableEnded) request.resume()
}

function requestLine(request: ParsedRequest): Omit<IncomingWebhook, 'body'> {
  const { remoteAddress } = request.socket
  return {
    method: request.method ?? '',
    url: request.originalUrl ?? request.url ?? '',
    headers: headerPairs(request.rawHeaders),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  }
}

function headerPairs(rawHeaders: readonly string[]): HeaderPairs {
  const pairs: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? ''])
  }
  return pairs
}

function rawBody(request: ParsedRequest): IncomingWebhook['body'] {
  const kept = [request.body, request.rawBody].find((value) => value instanceof Uint8Array)
  if (kept !== undefined) {
    // Parsers inflate before they hand over, and the signature covers what was sent.
    if (isEncoded(request)) throw new RawBodyUnavailableError('A body parser inflated the body')
    return kept
  }
  if (request.readableEncoding) throw new RawBodyUnavailableError('`request.setEncoding()` ran')
  if (request.readableDidRead) throw new RawBodyUnavailableError(culpritOf(request))
  return requestBytes(request)
}

function isEncoded(request: IncomingMessage): boolean {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase()
  return encoding !== undefined && encoding !== '' && encoding !== 'identity'
}

function culpritOf({ body, headers }: ParsedRequest): string {
  if (typeof body === 'string') return '`express.text()` ran'
  if (typeof body !== 'object' || body === null) return 'Something read the request body'
  const isForm = headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true
  return isForm ? '`express.urlencoded()` ran' : '`express.json()` ran'
}
