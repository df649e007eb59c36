import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Starts a server that reads each request to its end before it fails. It is closed when the test ends. */
export async function failingServer(fail: Handler): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(afterBody(fail)))}`
}

/** As `failingServer`, with a certificate that nobody has signed. */
export async function selfSignedServer(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-tls-'))
  try {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-days', '2', '-keyout', key, '-out', cert]
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...subject],
      {
        stdio: 'pipe',
      },
    )
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) =>
      response.end(),
    )
    return `https://127.0.0.1:${await listen(server)}`
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** A URL on which nobody listens. */
export async function refusedUrl(): Promise<string> {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

/** Answers as an API does, and repeats in its message whatever it was sent. */
export function answering(status: number, headers: Readonly<Record<string, string>>, body: string): Handler {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(body)
  }
}

export const resetting: Handler = (request) => {
  request.socket.resetAndDestroy()
}

/** Announces more than it sends. */
export const truncating: Handler = (request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"half":', () => setTimeout(() => request.socket.destroy(), 20))
}

export const hanging: Handler = () => {}

function afterBody(fail: Handler): Handler {
  return (request, response) => {
    request.resume().once('end', () => fail(request, response))
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
