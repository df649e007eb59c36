import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { HeaderPairs } from '../../buffer/event-buffer.ts'
import { createChanges } from './changes.ts'

/** An answer as it stood on the wire. */
export interface Answer {
  readonly status: number
  readonly headers: HeaderPairs
  readonly body: Buffer
}

/** A request that is written exactly as given: no header is added but `host`, `content-length` and `connection`. */
export interface Message {
  /** Default: `POST`. */
  readonly method?: string
  readonly path: string
  readonly headers?: HeaderPairs
  readonly body?: Uint8Array | string
  /** Sent with `transfer-encoding: chunked`, each in a chunk of its own. */
  readonly chunks?: readonly Uint8Array[]
}

/** One connection to a server, on which bytes are written as they are. */
export interface HttpConnection {
  write(bytes: Uint8Array | string): void
  /**
   * The next answer, once it is complete; an interim one (1xx) is one.
   *
   * @throws Error when the server closes the connection first, or says nothing for too long.
   */
  answer(method?: string): Promise<Answer>
  /** Waits until the server has closed the connection: what came behind the last answer. */
  rest(): Promise<Buffer>
  destroy(): void
}

/** Opens a connection to a server. */
export async function openConnection(origin: string): Promise<HttpConnection> {
  const { hostname, port } = new URL(origin)
  const socket: Socket = connect({ host: hostname, port: Number(port) })
  socket.setNoDelay(true)
  let gathered: Buffer = Buffer.alloc(0)
  let closed = false
  const changes = createChanges()
  socket.on('data', (chunk: Buffer) => {
    gathered = Buffer.concat([gathered, chunk])
    changes.happened()
  })
  // A server may close in the middle of what we write. What it answered before counts.
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
    changes.happened()
  })

  await once(socket, 'connect')

  const until = <T>(what: string, read: () => T | undefined): Promise<T> =>
    changes.until(what, () => {
      const value = read()
      if (value === undefined && closed) throw new Error(`The server closed the connection before ${what}.`)
      return value
    })

  return {
    write: (bytes) => void socket.write(bytes),
    async answer(method = 'POST') {
      const { answer, length } = await until('an answer', () => readAnswer(gathered, method, closed))
      gathered = gathered.subarray(length)
      return answer
    },
    rest: () => until('its end', () => (closed ? gathered : undefined)),
    destroy: () => void socket.destroy(),
  }
}

/** Sends one request on a connection of its own. */
export async function send(origin: string, message: Message): Promise<Answer> {
  const connection = await openConnection(origin)
  try {
    connection.write(messageHead(origin, message, [['Connection', 'close']]))
    for (const bytes of messageBody(message)) connection.write(bytes)
    return await connection.answer(message.method)
  } finally {
    connection.destroy()
  }
}

/** The request line and the headers of a message. */
export function messageHead(origin: string, message: Message, more: HeaderPairs = []): Buffer {
  const { method = 'POST', path, headers = [], body, chunks } = message
  const { host, pathname } = new URL(origin)
  const lines = [['Host', host], ...headers, ...more]
  if (chunks !== undefined) lines.push(['Transfer-Encoding', 'chunked'])
  else if (body !== undefined) lines.push(['Content-Length', String(Buffer.byteLength(body))])
  const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const target = pathname === '/' ? path : pathname + path
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${fields}\r\n`, 'latin1')
}

/** What is written behind the head. */
export function messageBody({ body, chunks }: Message): readonly (Uint8Array | string)[] {
  if (chunks !== undefined) return [...chunks.flatMap(chunkOf), '0\r\n\r\n']
  return body === undefined ? [] : [body]
}

/** One chunk of a chunked body. */
export function chunkOf(bytes: Uint8Array): readonly (Uint8Array | string)[] {
  return [`${bytes.byteLength.toString(16)}\r\n`, bytes, '\r\n']
}

/** The value of an answer's header. */
export function headerOf(answer: Answer, name: string): string | undefined {
  return answer.headers.find(([key]) => key.toLowerCase() === name)?.[1]
}

function readAnswer(
  bytes: Buffer,
  method: string,
  closed: boolean,
): { readonly answer: Answer; readonly length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [statusLine = '', ...fields] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1])
  const headers = fields.map((field): [string, string] => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon), field.slice(colon + 1).trim()]
  })
  const start = headEnd + 4
  const body = readContent(bytes.subarray(start), { status, headers, body: bytes }, method, closed)
  return body === undefined
    ? undefined
    : { answer: { status, headers, body: body.content }, length: start + body.length }
}

/** RFC 9112 section 6.3: where the content of an answer ends. */
function readContent(bytes: Buffer, head: Answer, method: string, closed: boolean): Content | undefined {
  const { status } = head
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304)
    return { content: Buffer.alloc(0), length: 0 }
  if (headerOf(head, 'transfer-encoding') !== undefined) return readChunks(bytes)
  const declared = headerOf(head, 'content-length')
  if (declared === undefined) return closed ? { content: bytes, length: bytes.length } : undefined
  const length = Number(declared)
  return bytes.length < length ? undefined : { content: bytes.subarray(0, length), length }
}

interface Content {
  readonly content: Buffer
  readonly length: number
}

function readChunks(bytes: Buffer): Content | undefined {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const start = lineEnd + 2
    if (bytes.length < start + size + 2) return undefined
    if (size === 0) return { content: Buffer.concat(chunks), length: start + 2 }
    chunks.push(bytes.subarray(start, start + size))
    at = start + size + 2
  }
}
