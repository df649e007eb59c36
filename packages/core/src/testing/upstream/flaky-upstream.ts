import { checkOptions, clockObject, oneOf, randomObject } from '../../options/check.ts'
import { joinBytes } from './join-bytes.ts'
import { nodeBuiltin } from './node-builtin.ts'
import { playReply } from './play-reply.ts'
import { selfSignedCertificate, type TestAuthority, type TestCertificate, testAuthority } from './test-certificate.ts'
import { UpstreamEngine } from './upstream-engine.ts'
import { isConnectionFault } from './upstream-faults.ts'
import type { UpstreamReply } from './upstream-reply.ts'
import type { UpstreamOptions, UpstreamScript } from './upstream-script.ts'

/**
 * The certificate of an upstream that speaks HTTPS. `valid` is accepted by who trusts its `authority`, and `expired`,
 * `not_yet_valid` and `wrong_host` show to those too; `self_signed` to everybody. `cut`: the connection is closed within the
 * handshake.
 */
export type UpstreamTls = 'valid' | 'expired' | 'not_yet_valid' | 'wrong_host' | 'self_signed' | 'cut'

/** What a flaky upstream can be told. */
export interface FlakyUpstreamOptions extends UpstreamOptions {
  /** Speaks HTTPS, with a certificate that is made on the spot. Default: plain HTTP. */
  readonly tls?: UpstreamTls
}

/** A real server that fails on purpose. */
export interface FlakyUpstream extends UpstreamScript, AsyncDisposable {
  /** Without a slash at its end, for example `http://127.0.0.1:49152`. */
  readonly url: string
  readonly port: number
  /** The certificate, as PEM, to trust for a server with `tls`; `undefined` without. */
  readonly authority: string | undefined
  /** Stops listening and resets every connection: from now on connections are refused. */
  stop(): Promise<void>
  /** Listens again, on the same port. */
  start(): Promise<void>
  /** Resets every connection, and listens on. */
  disconnect(): void
  /** Stops for good. */
  close(): Promise<void>
}

/**
 * Starts a real server on a port of 127.0.0.1 that the system chooses. It does to the code under test what other companies'
 * APIs do: refuses by rate limits in their dialects, answers late, breaks off, resets, talks nonsense.
 *
 * Needs Node.js, Bun or Deno. Bodies of requests are kept in memory.
 *
 * @throws InvalidOptionsError when an option is wrong or unknown.
 */
export async function flakyUpstream(options: FlakyUpstreamOptions = {}): Promise<FlakyUpstream> {
  checkOptions('', options, {
    clock: clockObject,
    random: randomObject,
    tls: oneOf('valid', 'expired', 'not_yet_valid', 'wrong_host', 'self_signed', 'cut'),
  })
  const { tls } = options
  const authority = tls === undefined ? undefined : await testAuthority()
  const certificate = authority === undefined ? undefined : await certificateOf(tls, authority)
  const upstream = new ServedUpstream(options, authority?.cert, certificate)
  await upstream.start()
  return upstream
}

type Server = import('node:net').Server
type Socket = import('node:net').Socket
type IncomingMessage = import('node:http').IncomingMessage
type ServerResponse = import('node:http').ServerResponse

const LOOPBACK = '127.0.0.1'
const HOSTS = ['localhost', LOOPBACK]

class ServedUpstream extends UpstreamEngine implements FlakyUpstream {
  readonly authority: string | undefined
  readonly #isTls: boolean
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** What is known of a connection on which requests arrive. */
  readonly #connections = new WeakMap<Socket, { readonly number: number; requests: number }>()
  #connected = 0
  #port = 0

  constructor(
    { tls, ...options }: FlakyUpstreamOptions,
    authority: string | undefined,
    certificate: TestCertificate | undefined,
  ) {
    super(options)
    this.authority = authority
    this.#isTls = tls !== undefined
    this.#server = this.#createServer(tls === 'cut', certificate)
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    return `${this.#isTls ? 'https' : 'http'}://${LOOPBACK}:${this.#port}`
  }

  async start(): Promise<void> {
    if (this.#server.listening) return
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#port, LOOPBACK, () => {
        this.#server.removeListener('error', reject)
        resolve()
      })
    })
    const address = this.#server.address()
    if (typeof address === 'object' && address !== null) this.#port = address.port
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.disconnect()
    await closed
  }

  disconnect(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  close(): Promise<void> {
    return this.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  protected override refusalOf({ fault }: UpstreamReply): string | undefined {
    return isConnectionFault(fault)
      ? 'a fault of a server that was reached: `stop()`, `tls` and `flakyLookup` do what comes before'
      : undefined
  }

  #createServer(cutsHandshakes: boolean, certificate: TestCertificate | undefined): Server {
    if (cutsHandshakes) return nodeBuiltin('node:net').createServer((socket) => socket.once('data', () => socket.end()))
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response)
    // A connection is closed by the script alone, never because time has passed.
    const options = { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }
    const server =
      certificate === undefined
        ? nodeBuiltin('node:http').createServer(options, onRequest)
        : nodeBuiltin('node:https').createServer({ ...options, ...certificate }, onRequest)
    server.on('clientError', (_error, socket) => socket.destroy())
    server.on('tlsClientError', () => {})
    return server
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request
    const connection = this.#connections.get(socket) ?? { number: ++this.#connected, requests: 0 }
    this.#connections.set(socket, connection)
    const isReused = connection.requests++ > 0
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    let finished = (): void => {}
    try {
      const chunks: Uint8Array[] = []
      for await (const chunk of request) chunks.push(chunk as Uint8Array)
      const arrived = {
        method: request.method ?? '',
        url: this.url + (request.url ?? ''),
        headers: joinedHeaders(request.rawHeaders),
        body: joinBytes(...chunks),
        connection: connection.number,
      }
      const answer = await this.answer(arrived)
      finished = answer.finished
      const { clock } = this
      await playReply({ reply: answer.reply, response, socket, isReused, clock, signal: gone.signal })
    } catch {
      // The other side has gone, and with it everybody who could want to know.
      socket.destroy()
    } finally {
      if (response.closed || gone.signal.aborted) finished()
      else response.once('close', finished)
    }
  }
}

async function certificateOf(
  tls: UpstreamTls | undefined,
  { issue }: TestAuthority,
): Promise<TestCertificate | undefined> {
  const subject = { hosts: HOSTS, fromYear: 2000, untilYear: 9999 }
  switch (tls) {
    case undefined:
    case 'cut':
      return undefined
    case 'self_signed':
      return selfSignedCertificate(subject)
    case 'valid':
      return issue(subject)
    case 'expired':
      return issue({ ...subject, untilYear: 2001 })
    case 'not_yet_valid':
      return issue({ ...subject, fromYear: 9998 })
    case 'wrong_host':
      return issue({ ...subject, hosts: ['wrong.example'] })
  }
}

/** Names in lower case; values of one name joined, as `Headers` does it. */
function joinedHeaders(raw: readonly string[]): Readonly<Record<string, string>> {
  const headers = new Headers()
  for (let index = 0; index + 1 < raw.length; index += 2) headers.append(raw[index] ?? '', raw[index + 1] ?? '')
  return Object.fromEntries(headers)
}
