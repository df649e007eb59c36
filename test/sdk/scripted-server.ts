import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** What the server does with one request: breaks the connection, or answers. */
export type Step =
  | 'reset'
  | {
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
      /** An object is sent as JSON; text is sent as it is. */
      readonly body?: object | string
    }

/** A request as it arrived. */
export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

export interface ScriptedServer {
  readonly url: string
  readonly port: number
  readonly received: readonly Received[]
}

/** A real HTTP server that does the steps in order and repeats the last one. It is closed when the test ends. */
export async function scriptedServer(...steps: readonly [Step, ...Step[]]): Promise<ScriptedServer> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const { method = '', url = '', headers } = request
      const step = steps[Math.min(received.length, steps.length - 1)]
      received.push({ method, url, body, headers: headers as Received['headers'] })
      if (step === 'reset' || step === undefined) {
        request.socket.resetAndDestroy()
        return
      }
      const isText = typeof step.body === 'string'
      response.writeHead(step.status ?? 200, {
        'content-type': isText ? 'text/event-stream' : 'application/json',
        ...step.headers,
      })
      response.end(isText ? step.body : JSON.stringify(step.body ?? {}))
    })
  })
  const port = await listen(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${port}`, port, received }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return (server.address() as AddressInfo).port
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}
