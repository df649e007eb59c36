import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { diskBuffer } from '../../disk/disk-buffer.ts'
import { defaultDiskBufferOptions } from '../../disk/resolve-disk-buffer-options.ts'
import { createGateway } from '../../gateway/create-gateway.ts'
import type { Gateway, GatewayReply } from '../../gateway/gateway.ts'
import type { GatewayOptions } from '../../gateway/gateway-options.ts'
import { headerPairs } from '../../gateway/header-pairs.ts'
import { type CliIo, UsageError } from '../cli-io.ts'
import { byTypedName, type CliArguments, type Command } from '../command.ts'
import { isHeaderName } from '../header-option.ts'
import { printable, time } from '../output.ts'

/** How long requests may take that are under way when it is stopped. */
const STOP_TIMEOUT_MS = 10_000

/** What the command line calls the options of `createGateway`. */
const optionNames: Readonly<Record<string, string | undefined>> = {
  target: '--target',
  'health.path': '--health',
  'health.intervalMs': '--health-interval',
  ratePerSecond: '--rate',
  concurrency: '--concurrency',
  timeoutMs: '--timeout',
  maxBodyBytes: '--max-body-bytes',
  maxAttempts: '--max-attempts',
  directory: '--buffer',
  maxEventBytes: '--max-body-bytes',
}

/** `holdfast gateway` */
export const gateway: Command = {
  name: 'gateway',
  summary:
    'Stands before a service: passes requests on while it is healthy, keeps them on disk while it is not, delivers them when it is again. Runs until it is stopped.',
  positionals: [],
  options: {
    target: { kind: 'text', value: 'URL', help: 'The service. Required.' },
    buffer: { kind: 'text', value: 'DIRECTORY', help: 'Where requests are kept. Required.' },
    health: { kind: 'text', value: 'PATH', help: 'Asked with GET; a 2xx is healthy. Default: /health.' },
    'health-interval': { kind: 'number', value: 'MS', help: 'Time between probes. Default: 2000.' },
    port: { kind: 'number', value: 'N', help: 'Default: 8080. 0: any that is free.' },
    host: { kind: 'text', value: 'ADDRESS', help: 'Where to listen. Default: 0.0.0.0.' },
    rate: { kind: 'number', value: 'N', help: 'Stored requests delivered per second. Default: 50.' },
    concurrency: {
      kind: 'number',
      value: 'N',
      help: 'Stored requests delivered at once. Default: 8 with --key-header, else 1.',
    },
    'key-header': {
      kind: 'text',
      value: 'NAME',
      help: 'Requests with the same value keep their order; others pass. Default: all in one order.',
    },
    timeout: {
      kind: 'number',
      value: 'MS',
      help: 'A target that has not begun to answer by then has failed. Default: 8000.',
    },
    'max-body-bytes': { kind: 'number', value: 'N', help: 'Default: 26214400.' },
    'max-attempts': {
      kind: 'number',
      value: 'N',
      help: 'Deliveries of one stored request before it becomes a dead letter. Default: 50.',
    },
    json: { kind: 'flag', help: 'Log lines as JSON.' },
  },
  examples: ['holdfast gateway --target http://127.0.0.1:4000 --health /healthz --buffer ./data/gateway --port 8080'],
  async run(args, io) {
    const port = args.number('port') ?? 8080
    if (!Number.isSafeInteger(port) || port < 0 || port > 65_535)
      throw new UsageError(`--port takes a port, got \`${port}\`.`)
    const running = gatewayOf(args)
    const log = (event: string, fields: Readonly<Record<string, unknown>>): void => {
      const line = args.flag('json')
        ? JSON.stringify({ at: time(io.clock.now()), event, ...fields })
        : `${time(io.clock.now())}  ${event}  ${Object.entries(fields)
            .map(([name, value]) => `${name}=${String(value)}`)
            .join(' ')}`
      io.stdout.write(`${line}\n`).catch(() => {})
    }
    logEvents(running, log)
    await running.start()
    try {
      await serve(running, port, args.text('host') ?? '0.0.0.0', io, log)
    } finally {
      await running.stop()
    }
    const { mode, backlog, ...rest } = running.snapshot()
    log('stopped', args.flag('json') ? { mode, backlog, ...rest } : { mode, backlog })
  },
}

function gatewayOf(args: CliArguments): Gateway {
  try {
    return createGateway(optionsOf(args))
  } catch (error) {
    throw byTypedName(error, optionNames)
  }
}

function optionsOf(args: CliArguments): GatewayOptions {
  const keyHeader = args.text('key-header')
  if (keyHeader !== undefined && !isHeaderName(keyHeader))
    throw new UsageError(`--key-header takes the name of a header, got \`${printable(keyHeader)}\`.`)
  const given = {
    rate: args.number('rate'),
    concurrency: args.number('concurrency'),
    timeout: args.number('timeout'),
    maxBodyBytes: args.number('max-body-bytes'),
    maxAttempts: args.number('max-attempts'),
    path: args.text('health'),
    intervalMs: args.number('health-interval'),
  }
  return {
    target: args.required('target'),
    buffer: diskBuffer({
      directory: args.required('buffer'),
      // Every body that is taken must fit into it.
      maxEventBytes: Math.max(given.maxBodyBytes ?? 0, defaultDiskBufferOptions.maxEventBytes),
    }),
    health: {
      ...(given.path === undefined ? {} : { path: given.path }),
      ...(given.intervalMs === undefined ? {} : { intervalMs: given.intervalMs }),
    },
    ...(keyHeader === undefined ? {} : { orderingKey: (request) => request.headers.get(keyHeader) }),
    ...(given.rate === undefined ? {} : { ratePerSecond: given.rate }),
    ...(given.concurrency === undefined ? {} : { concurrency: given.concurrency }),
    ...(given.timeout === undefined ? {} : { timeoutMs: given.timeout }),
    ...(given.maxBodyBytes === undefined ? {} : { maxBodyBytes: given.maxBodyBytes }),
    ...(given.maxAttempts === undefined ? {} : { maxAttempts: given.maxAttempts }),
  }
}

type Log = (event: string, fields: Readonly<Record<string, unknown>>) => void

function logEvents(running: Gateway, log: Log): void {
  let toldOfProbes: string | undefined
  running.on('gateway:mode-changed', ({ from, to, cause, backlog }) => {
    if (to !== 'buffer') toldOfProbes = undefined
    log('mode', { from: from ?? 'none', to, cause, backlog })
  })
  running.on('gateway:probe-failed', ({ error: { code, reason, message, upstream } }) => {
    // It may go on for hours, twice a second: said again only when something else happens.
    if (message === toldOfProbes) return
    toldOfProbes = message
    log('probe failed', { code, ...(reason === undefined ? {} : { reason }), ...upstream, message })
  })
  running.on('gateway:refused', ({ status, error }) =>
    log('refused', { status, code: error.code, reason: error.reason }),
  )
  running.on('delivery:dead-lettered', ({ id, position, attempt }) => log('dead letter', { id, position, attempt }))
  running.on('buffer:lost', ({ lost, from, to }) => log('lost', { lost, from, to }))
}

async function serve(running: Gateway, port: number, host: string, io: CliIo, log: Log): Promise<void> {
  const server = createServer((request, response) => void answer(running, server, request, response))
  server.listen(port, host)
  await once(server, 'listening')
  log('listening', { port: (server.address() as AddressInfo).port })
  await new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve()
    io.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  // A sender that never finishes its request, and an answer that never ends, would keep it from stopping.
  const cancel = io.clock.schedule(STOP_TIMEOUT_MS, () => server.closeAllConnections())
  await closed
  cancel()
}

async function answer(
  running: Gateway,
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { remoteAddress } = request.socket
  const reply = await running.accept({
    method: request.method ?? '',
    url: request.url ?? '',
    headers: headerPairs(request.rawHeaders),
    body: request.iterator({ destroyOnReturn: false }),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  })
  // Otherwise a sender that never pauses keeps its connection, and with it a server that is closing.
  const headers = server.listening ? reply.headers : [...reply.headers, ['connection', 'close'] as const]
  await writeReply({ ...reply, headers }, response)
  if (!request.readableEnded) request.resume()
}

async function writeReply({ status, headers, body }: GatewayReply, response: ServerResponse): Promise<void> {
  try {
    response.writeHead(status, headers.flat())
    if (body instanceof Uint8Array) response.write(body)
    else if (body !== null) await writeChunks(body[Symbol.asyncIterator](), response)
    response.end()
  } catch {
    // The target broke off in the middle: so does the answer, for its end would say that it is complete.
    response.destroy()
  }
}

async function writeChunks(chunks: AsyncIterator<Uint8Array>, response: ServerResponse): Promise<void> {
  // Not only with the next chunk: a target that is silent may never send one to a sender who has left.
  const leave = (): void => void chunks.return?.()
  response.once('close', leave)
  for (;;) {
    const { done, value } = await chunks.next()
    if (done === true || response.destroyed) break
    if (!response.write(value)) await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  response.off('close', leave)
}
