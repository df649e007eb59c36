import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'

/** A request as its bytes arrived, apart from what differs from run to run. */
export interface Arrival {
  /** Which connection it came over, counted from 1. */
  readonly connection: number
  readonly method: string
  readonly target: string
  /** Names and values in their order and case. */
  readonly headers: readonly string[]
  /** The bytes, or how many they are and their hash when they are many. */
  body: string
  /** Whether the caller gave up before the body had come. */
  isCutOff: boolean
}

export interface RecordingServer {
  readonly url: string
  readonly port: number
  readonly arrivals: readonly Arrival[]
  /** Settles when a caller has left before its answer was complete. */
  readonly left: Promise<void>
  close(): Promise<void>
}

/** A real HTTP server that notes every request and answers by path. */
export async function recordingServer(): Promise<RecordingServer> {
  const arrivals: Arrival[] = []
  const connections = new Map<Socket, number>()
  let leave: () => void
  const left = new Promise<void>((resolve) => (leave = resolve))
  const server = createServer((request, response) => {
    const { method = '', url = '', socket } = request
    const connection = connections.get(socket) ?? connections.size + 1
    connections.set(socket, connection)
    const arrival: Arrival = {
      connection,
      method,
      target: url,
      headers: request.rawHeaders.map((text) => withoutChance(text, port)),
      body: '',
      isCutOff: false,
    }
    // Whether that one arrives at all is up to chance.
    if (url !== '/raced') arrivals.push(arrival)
    response.once('close', () => {
      if (!response.writableFinished) leave()
    })
    void answer(request, response, arrival)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, arrivals, left, close: () => close(server) }
}

/** The boundary of a form is random, and so is the port. */
export function withoutChance(text: string, port: number): string {
  return text
    .replaceAll(`:${port}`, ':port')
    .replaceAll(/-{4}formdata-undici-\d+|-{4}WebKitFormBoundary\w+/g, 'boundary')
}

async function answer(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const [, action = '', detail = ''] = pathname.split('/')
  const write = answers[action]
  if (action !== 'unread') await readBody(request, arrival)
  if (write !== undefined) await write(response, detail, searchParams)
  else {
    response.setHeader('set-cookie', ['a=1; Path=/', 'b=2'])
    response.writeHead(200, 'Fine', { 'content-type': 'text/plain; charset=utf-8', 'x-answer': 'one, two' })
    response.end(request.method === 'HEAD' ? '' : `${request.method} ${arrival.body}`)
  }
}

type Answer = (response: ServerResponse, detail: string, search: URLSearchParams) => void | Promise<void>

const answers: Readonly<Record<string, Answer>> = {
  status: (response, detail) => void response.writeHead(Number(detail), { 'content-length': 0 }).end(),
  redirect: (response, detail, search) =>
    void response.writeHead(Number(detail), { location: search.get('to') ?? '/echo' }).end('moved'),
  circle: (response) => void response.writeHead(302, { location: '/circle' }).end(),
  lost: (response) => void response.writeHead(302).end('nowhere'),
  astray: (response) => void response.writeHead(302, { location: 'http://[wrong' }).end(),
  hang: () => {},
  raced: () => {},
  unread: () => {},
  stall: (response) => void response.write('begin'),
  chunks: async (response) => {
    for (const chunk of ['one,', 'two,', 'thr', 'ee']) {
      response.write(chunk)
      await new Promise((resolve) => setImmediate(resolve))
    }
    response.end()
  },
  large: (response, detail) => void response.end(Buffer.alloc(Number(detail), 'holdfast')),
  json: (response) => void response.setHeader('content-type', 'application/json').end('{"a":[1,null,"ä"]}'),
  form: (response) => void response.setHeader('content-type', 'application/x-www-form-urlencoded').end('a=1&b=%C3%A4'),
  gzip: (response) => void response.setHeader('content-encoding', 'gzip').end(gzipSync('compressed')),
  brotli: (response) => void response.setHeader('content-encoding', 'br').end(brotliCompressSync('compressed')),
  garbled: (response) => void response.setHeader('content-encoding', 'gzip').end('this is no gzip'),
  latin: (response) => void response.setHeader('content-type', 'text/plain').end(Buffer.from('h\xe9', 'latin1')),
  mark: (response) => void response.end('\ufeffmarked'),
  hints: (response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.end('hinted')
  },
  cut: (response) => {
    response.setHeader('content-length', 100)
    response.write('begin')
    setImmediate(() => response.socket?.resetAndDestroy())
  },
  reset: (response) => void response.socket?.resetAndDestroy(),
  silent: (response) => void response.socket?.end(),
  noise: (response) => void response.socket?.end('this is no HTTP\r\n\r\n'),
  closing: (response) => void response.setHeader('connection', 'close').end('last'),
}

async function readBody(request: IncomingMessage, arrival: Arrival): Promise<void> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    arrival.isCutOff = true
  }
  const body = Buffer.concat(chunks)
  arrival.body = body.length < 10_000 ? body.toString('latin1') : digest(body)
}

function digest(body: Buffer): string {
  return `${body.length} bytes, ${createHash('sha256').update(body).digest('hex')}`
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}
