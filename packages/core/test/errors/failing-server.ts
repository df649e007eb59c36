import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A server on bare TCP. */
export interface RawServer {
  readonly url: string
  /** Resets every connection. */
  reset(): void
}

/** Serves raw TCP for the length of the test: `answer` gets the socket after the first bytes of a request. */
export async function rawServer(answer: (socket: net.Socket) => void): Promise<RawServer> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((closed) => server.close(closed))
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy()
    },
  }
}

/** Serves HTTP for the length of the test. */
export async function httpServer(handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler)
  closeAfterTest(server)
  return `http://127.0.0.1:${await listen(server)}`
}

/** Serves HTTPS with `options` for the length of the test. */
export async function httpsServer(options: https.ServerOptions): Promise<number> {
  const server = https.createServer(options, (_request, response) => response.end('ok'))
  server.on('tlsClientError', () => {})
  closeAfterTest(server)
  return listen(server)
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer()
  const port = await listen(server)
  await new Promise((closed) => server.close(closed))
  return port
}

function closeAfterTest(server: http.Server): void {
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  })
}

function listen(server: net.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
