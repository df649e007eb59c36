import type { Clock } from '../../time/clock.ts'
import { systemClock } from '../../time/system-clock.ts'
import { joinBytes } from './join-bytes.ts'
import { piecesOf, untilFault } from './reply-body.ts'
import { type AnswerFault, type BodyFault, isConnectionFault } from './upstream-faults.ts'
import { headerFields, type ResolvedReply } from './upstream-reply.ts'

// Long enough for the other side to read what was sent before it learns of the reset; some systems throw it away then.
const BEFORE_RESET_MS = 20
const OVERFLOW_BYTES = 200_000

type ServerResponse = import('node:http').ServerResponse
type Socket = NonNullable<ServerResponse['socket']>

/** A request on a real connection, and what it is to get. */
export interface Exchange {
  readonly reply: ResolvedReply
  readonly response: ServerResponse
  readonly socket: Socket
  /** Whether the connection has carried a request before. */
  readonly isReused: boolean
  readonly clock: Clock
  /** Aborts when the other side has gone. */
  readonly signal: AbortSignal
}

/** Does what a reply says. Settles when nothing more is to be sent; rejects when the other side has gone before. */
export async function playReply(exchange: Exchange): Promise<void> {
  const { reply, socket, clock, signal } = exchange
  const { fault } = reply
  if (reply.delayMs > 0) await clock.sleep(reply.delayMs, signal)
  signal.throwIfAborted()
  for (const { status, headers } of reply.informational) socket.write(head(status, headerFields(headers)))
  if (fault === undefined || isConnectionFault(fault)) await answer(exchange)
  else await faults[fault](exchange)
}

const faults: Readonly<Record<AnswerFault | BodyFault, (exchange: Exchange) => unknown>> = {
  hang: () => {},
  reset: ({ socket }) => socket.resetAndDestroy(),
  close: ({ socket }) => socket.end(),
  stale_connection: (exchange) => (exchange.isReused ? exchange.socket.resetAndDestroy() : answer(exchange)),
  not_http: ({ socket }) => socket.end('SSH-2.0-OpenSSH_9.9\r\n\r\n'),
  headers_overflow: ({ socket, reply: { status, headers } }) =>
    socket.end(head(status, [...headers, ['x-padding', 'a'.repeat(OVERFLOW_BYTES)]])),
  headers_cut: ({ socket, reply: { status, headers } }) => socket.end(head(status, headers).slice(0, -6)),

  reset_after_headers: sendThenReset,
  reset_in_body: sendThenReset,
  body_cut: async (exchange) => {
    await sendAnnounced(exchange)
    exchange.socket.end()
  },
  chunks_cut: ({ socket, reply }) =>
    socket.end(joinBytes(chunkedHead(reply), `${reply.body.length.toString(16)}\r\n`, reply.body, '\r\n')),
  chunk_malformed: ({ socket, reply }) => socket.end(joinBytes(chunkedHead(reply), 'zz\r\n', reply.body, '\r\n')),
  body_stalls: sendAnnounced,
  body_endless: answer,
  encoding_wrong: answer,
  body_too_long: ({ socket, reply }) =>
    socket.end(joinBytes(sizedHead(reply, reply.body.length), reply.body, 'and more')),
  answered_twice: ({ socket, reply }) => {
    const whole = joinBytes(sizedHead(reply, reply.body.length), reply.body)
    socket.end(joinBytes(whole, whole))
  },
}

/** Answers as a server does that is in order; an endless body is chunked and goes on until the other side has gone. */
async function answer({ reply, response, clock, signal }: Exchange): Promise<void> {
  const { fault, status, body } = reply
  const fields = [...reply.headers]
  if (fault !== 'body_endless' && status !== 204 && status !== 304) fields.push(['content-length', String(body.length)])
  if (fault === 'encoding_wrong') fields.push(['content-encoding', 'gzip'])
  response.sendDate = false
  response.writeHead(status, fields.flat())
  response.flushHeaders()
  do
    for (const piece of piecesOf(reply)) {
      await pause(reply, clock, signal)
      await written((done) => response.write(piece, done))
    }
  while (fault === 'body_endless' && body.length > 0)
  response.end()
}

async function sendThenReset(exchange: Exchange): Promise<void> {
  await sendAnnounced(exchange)
  await systemClock.sleep(BEFORE_RESET_MS)
  exchange.socket.resetAndDestroy()
}

/** Sends the headers with the length of the whole body, and the part of it that the fault lets through. */
async function sendAnnounced({ reply, socket, clock, signal }: Exchange): Promise<void> {
  // A cut needs something that is missing.
  await written((done) => socket.write(sizedHead(reply, Math.max(1, reply.body.length)), done))
  for (const piece of piecesOf(untilFault(reply))) {
    await pause(reply, clock, signal)
    await written((done) => socket.write(piece, done))
  }
}

async function pause({ chunkDelayMs }: ResolvedReply, clock: Clock, signal: AbortSignal): Promise<void> {
  if (chunkDelayMs > 0) await clock.sleep(chunkDelayMs, signal)
  signal.throwIfAborted()
}

/** Resolves when the bytes are on their way; rejects when nobody takes them any more. */
function written(write: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => write((error) => (error ? reject(error) : resolve())))
}

function sizedHead({ status, headers }: ResolvedReply, bodyBytes: number): string {
  return head(status, [...headers, ['content-length', String(bodyBytes)]])
}

function chunkedHead({ status, headers }: ResolvedReply): string {
  return head(status, [...headers, ['transfer-encoding', 'chunked']])
}

function head(status: number, headers: ResolvedReply['headers']): string {
  return `HTTP/1.1 ${status} \r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}
