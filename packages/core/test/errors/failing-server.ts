import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** A key and its certificate, as PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** Certificates of a throw-away authority, made by the openssl command; its absence fails the tests. */
export interface Authority extends Certificate {
  /** A certificate for `localhost` that is valid between two dates, written `YYMMDDHHMMSSZ`. */
  issue(file: string, days: { readonly from: string; readonly to: string }): Certificate
  dispose(): void
}

/** Makes an authority in a temporary directory. */
export function createAuthority(): Authority {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-tls-'))
  const file = (name: string): string => join(directory, name)
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
  }
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

  writeFileSync(file('index.txt'), '')
  writeFileSync(file('serial'), '01\n')
  writeFileSync(
    file('ca.cnf'),
    [
      '[ca]\ndefault_ca = authority',
      '[authority]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\ndefault_md = sha256\npolicy = any',
      'unique_subject = no\ncopy_extensions = copy',
      '[any]\ncommonName = supplied',
      '[req]\ndistinguished_name = name\n[name]\n',
    ].join('\n'),
  )
  openssl(
    'req',
    '-x509',
    '-config',
    'ca.cnf',
    '-days',
    '2',
    '-subj',
    '/CN=Holdfast test',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-addext',
    'basicConstraints=critical,CA:TRUE',
  )

  return {
    key: readFileSync(file('ca.key'), 'utf8'),
    cert: readFileSync(file('ca.crt'), 'utf8'),
    issue(name, { from, to }) {
      openssl(
        'req',
        '-new',
        '-config',
        'ca.cnf',
        '-subj',
        '/CN=localhost',
        ...newKey,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-addext',
        'subjectAltName=DNS:localhost',
      )
      openssl(
        'ca',
        '-batch',
        '-config',
        'ca.cnf',
        '-cert',
        'ca.crt',
        '-keyfile',
        'ca.key',
        '-startdate',
        from,
        '-enddate',
        to,
        '-in',
        `${name}.csr`,
        '-out',
        `${name}.crt`,
        '-notext',
      )
      return { key: readFileSync(file(`${name}.key`), 'utf8'), cert: readFileSync(file(`${name}.crt`), 'utf8') }
    },
    dispose: () => rmSync(directory, { recursive: true }),
  }
}
