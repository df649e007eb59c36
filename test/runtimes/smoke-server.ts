import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const connectors = join(import.meta.dirname, '../../packages/adapters/src/connectors')

export interface SmokeServer {
  readonly url: string
  close(): void
}

/** The server that the smoke program calls. A name in the path keeps the counts of one check apart from those of others. */
export async function smokeServer(): Promise<SmokeServer> {
  const calls = new Map<string, number>()
  const server = createServer((request, response) => {
    const [, action = '', name = ''] = (request.url ?? '').split('?')[0]?.split('/') ?? []
    const call = (calls.get(`${action}/${name}`) ?? 0) + 1
    calls.set(`${action}/${name}`, call)
    const answer = answers[action]
    if (answer === undefined) response.writeHead(404).end()
    else void answer(request, response, call)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

type Answer = (request: IncomingMessage, response: ServerResponse, call: number) => unknown

const answers: Readonly<Record<string, Answer>> = {
  ok: (_request, response) => json(response, 200, { ok: true }),
  /** What arrived: everything that the caller decides. */
  inspect: async (request, response, call) => {
    const { method, url, headers } = request
    json(response, 200, { method, url, headers, body: await textOf(request), call })
  },
  unavailable: (_request, response, call) => json(response, call === 1 ? 503 : 200, { call }),
  broken: (_request, response) => json(response, 500, {}),
  limited: (_request, response, call) => {
    if (call === 1) response.setHeader('retry-after', '1')
    json(response, call === 1 ? 429 : 200, { call })
  },
  told: (_request, response) => {
    response.setHeader('ratelimit-policy', '"default";q=100;w=60')
    response.setHeader('ratelimit', '"default";r=42;t=30')
    json(response, 200, {})
  },
  key: (request, response, call) =>
    json(response, call === 1 ? 503 : 200, { key: request.headers['idempotency-key'] ?? null }),
  token: (request, response) =>
    json(response, request.headers.authorization === 'Bearer new' ? 200 : 401, {
      authorization: request.headers.authorization,
    }),
  hang: () => {},
  stall: (_request, response) => response.write('begin'),
  stream: async (_request, response) => {
    for (const word of ['one ', 'two ', 'three']) {
      response.write(word)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    response.end()
  },
  /** What the connector of this name says. */
  connector: async (request, response) => {
    const name = /[a-z0-9-]+$/.exec(request.url ?? '')?.[0] ?? ''
    json(response, 200, JSON.parse(await readFile(join(connectors, `${name}.json`), 'utf8')))
  },
  order: (_request, response) => json(response, 200, { id: 7, total: '12.50' }),
  /** The URL of a port at which nobody listens. */
  nobody: async (_request, response) => {
    const gone = createServer().listen(0, '127.0.0.1')
    await once(gone, 'listening')
    const { port } = gone.address() as AddressInfo
    gone.close(() => response.end(`http://127.0.0.1:${port}/`))
  },
  reset: (_request, response) => response.socket?.resetAndDestroy(),
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk as string
  return text
}
