import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { IntegrationError } from '@holdfast/core'
import type { IncomingWebhook, WebhookReply } from '../../src/receiver/receiver.ts'
import type { FrameworkHarness, FrameworkMount, FrameworkServer, WebhookIntake } from '../../src/testing/index.ts'

/** The pieces of a correct adapter for node:http, so that a test can break one of them. */
export interface Adapter {
  readonly toIncoming: (request: IncomingMessage) => IncomingWebhook | Promise<IncomingWebhook>
  readonly write: (response: ServerResponse, reply: WebhookReply, request: IncomingMessage) => void
}

export const correctAdapter: Adapter = {
  toIncoming: (request) => ({
    method: request.method ?? '',
    url: request.url ?? '',
    headers: pairs(request.rawHeaders),
    body: request.readableDidRead ? unavailable() : request.iterator({ destroyOnReturn: false }),
    ...(request.socket.remoteAddress === undefined ? {} : { remoteAddress: request.socket.remoteAddress }),
  }),
  write: (response, reply, request) => {
    if (response.destroyed) return
    response.writeHead(reply.status, reply.headers).end(reply.body)
    request.resume()
  },
}

/** The harness of an adapter that may differ from the correct one in some piece. */
export function harnessOf(pieces: Partial<Adapter> = {}, harness: Partial<FrameworkHarness> = {}): FrameworkHarness {
  const adapter = { ...correctAdapter, ...pieces }
  return {
    capabilities: [
      'any-bytes',
      'header-case',
      'header-bytes',
      'repeated-headers',
      'url-encoding',
      'exact-url',
      'head-method',
      'streaming-body',
      'abort',
      'remote-address',
      'prefix',
    ],
    parsers: [
      {
        name: 'reader',
        contentType: 'text/plain',
        body: 'text',
        blames: ['the reader ran', /mount .* before the reader/],
      },
    ],
    start: (mount) =>
      listen(async (request, response) => {
        if (mount.parser !== undefined) await once(request.resume(), 'end')
        const source = sourceOf(mount, request)
        if (source === undefined) return response.writeHead(400).end()
        const incoming = await adapter.toIncoming(request)
        return adapter.write(response, await mount.receiver.accept(source, incoming), request)
      }),
    ...harness,
  }
}

/** The harness of a server that hands a web `Request` to the receiver, as platforms of the web do. */
export const webHarness: FrameworkHarness = {
  capabilities: ['any-bytes', 'header-bytes', 'url-encoding', 'streaming-body', 'abort', 'head-method', 'prefix'],
  parsers: [],
  start: (mount) =>
    listen(async (request, response) => {
      const source = sourceOf(mount, request)
      if (source === undefined) return response.writeHead(400).end()
      const answer = await handle(mount.receiver, source, request)
      response.writeHead(answer.status, [...answer.headers].flat())
      response.end(Buffer.from(await answer.arrayBuffer()))
      return request.resume()
    }),
}

function handle(receiver: WebhookIntake, source: string, request: IncomingMessage): Promise<Response> {
  const { method = '', url = '', headers } = request
  const withBody = method !== 'GET' && method !== 'HEAD'
  const body = withBody ? streamOf(request) : null
  return receiver.handle(
    source,
    new Request(`http://${headers.host}${url}`, {
      method,
      headers: pairs(request.rawHeaders).filter(([name]) => name.toLowerCase() !== 'expect') as [string, string][],
      body,
      ...(withBody ? { duplex: 'half' } : {}),
    } as RequestInit),
  )
}

/** The socket outlives who stops reading, and nothing is read that nobody asks for. */
function streamOf(request: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = request.iterator({ destroyOnReturn: false })
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value as Uint8Array)
      },
      async cancel() {
        await chunks.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>,
): Promise<FrameworkServer> {
  const listener: RequestListener = (request, response) => void handler(request, response)
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function sourceOf({ prefix = '' }: FrameworkMount, { url = '' }: IncomingMessage): string | undefined {
  const [, source = ''] = new RegExp(`^${prefix}/webhooks/([^/?]*)`).exec(url) ?? []
  try {
    return decodeURIComponent(source)
  } catch {
    return undefined
  }
}

function pairs(rawHeaders: readonly string[]): [string, string][] {
  const found: [string, string][] = []
  for (let index = 0; index < rawHeaders.length; index += 2)
    found.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? ''])
  return found
}

class RawBodyUnavailableError extends IntegrationError {
  override readonly name: string = 'RawBodyUnavailableError'
}

function unavailable(): AsyncIterable<Uint8Array> {
  const error = new RawBodyUnavailableError({
    code: 'configuration_error',
    reason: 'raw_body_unavailable',
    message: 'the reader ran: mount the route before the reader',
  })
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }
}
