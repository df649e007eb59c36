import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { expect, it, onTestFinished } from 'vitest'
import { holdfast, jsonLines, temporaryDirectory } from './cli-fixture.ts'

it('serves as a gateway until it is stopped, and delivers at the next start what it has kept', async () => {
  const directory = temporaryDirectory()
  const service = await startService()
  const first = await startGateway(directory, service.port)
  const passed = await send(first.port, 'passed')
  expect({ status: passed.status, text: await passed.text(), by: passed.headers.get('x-by') }).toEqual({
    status: 201,
    text: 'took passed',
    by: 'service',
  })
  await service.stop()
  expect((await send(first.port, 'kept')).status).toBe(200)
  const question = await fetch(`http://127.0.0.1:${first.port}/status`)
  expect(question.status).toBe(503)
  await question.body?.cancel()
  expect(await first.stop()).toMatchObject({ forwarded: 1, captured: 1, delivered: 0, backlog: 1 })

  const restarted = await startService(service.port)
  const second = await startGateway(directory, service.port)
  await second.drained
  expect(restarted.received).toEqual(['kept'])
  expect(await second.stop()).toMatchObject({
    at: expect.stringMatching(/^\d{4}-/),
    event: 'stopped',
    delivered: 1,
    backlog: 0,
    mode: 'proxy',
  })
}, 30_000)

it('ends the connection of a sender that never pauses, once it is being stopped', async () => {
  const stopped: Promise<unknown>[] = []
  const service = await startService(0, async () => {
    stopped.push(gateway.stop())
    // The server of the gateway is closing once the promises that led there have settled.
    await new Promise((resolve) => setImmediate(resolve))
  })
  const gateway = await startGateway(temporaryDirectory(), service.port)
  const { status, headers } = await send(gateway.port, 'last')
  expect([status, headers.get('connection')]).toEqual([201, 'close'])
  expect(await Promise.all(stopped)).toHaveLength(1)
}, 30_000)

it('frees the connection of the service when the sender leaves an answer that has no end', async () => {
  const service = await startStreamingService()
  const gateway = await startGateway(temporaryDirectory(), service.port)
  const leaving = new AbortController()
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/stream`, { signal: leaving.signal })
  const reader = answer.body?.getReader()
  expect(String(Buffer.from((await reader?.read())?.value ?? []))).toBe('first')
  leaving.abort()
  await service.left
  await gateway.stop()
}, 30_000)

it('breaks off an answer that has no end 10 s after it was stopped', async () => {
  const service = await startStreamingService()
  const clock = fakeClock()
  const gateway = await startGateway(temporaryDirectory(), service.port, clock)
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/stream`)
  const reader = answer.body?.getReader()
  await reader?.read()
  const stopped = gateway.stop()
  await clock.advance(9_999)
  const ended = reader?.read().then(
    () => 'complete',
    () => 'broken off',
  )
  await clock.advance(1)
  await Promise.all([stopped, service.left])
  expect(await ended).toBe('broken off')
}, 30_000)

it('says in a line that the port is taken', async () => {
  const { port } = await startService()
  const place = ['--buffer', temporaryDirectory(), '--port', String(port), '--host', '127.0.0.1']
  const { code, stderr } = await holdfast(['gateway', '--target', 'http://127.0.0.1:1', ...place])
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^holdfast: .*EADDRINUSE.*\n$/) })
})

it.each([
  ['--target', 'ftp://127.0.0.1', 'an http:// or https:// URL'],
  [
    '--health',
    'healthz',
    'a path that starts with `/`, with what is not ASCII, and spaces, percent-encoded, got `"healthz"`',
  ],
  [
    '--health',
    '/is well',
    'a path that starts with `/`, with what is not ASCII, and spaces, percent-encoded, got `"/is well"`',
  ],
  ['--buffer', '', 'a non-empty string'],
  ['--target', 'http://:secret@127.0.0.1', 'an http:// or https:// URL without query, fragment and credentials'],
  ['--max-body-bytes', '2e9', 'an integer from 1 to 1073741824'],
  ['--health-interval', '0', 'a number of milliseconds >= 10, got `0`'],
  ['--rate', '0', 'a number from 0.001'],
  ['--concurrency', '0', 'an integer from 1'],
  ['--timeout', '0', 'a number of milliseconds >= 1, got `0`'],
  ['--max-body-bytes', '0', 'an integer >= 1, got `0`'],
  ['--max-attempts', '0', 'an integer >= 1'],
])('says of a wrong %s what it is to be, by the name that was typed', async (option, value, expected) => {
  const given = { '--target': 'http://127.0.0.1:1', '--buffer': temporaryDirectory(), [option]: value }
  const { code, stderr } = await holdfast([
    'gateway',
    ...Object.entries(given).map(([name, text]) => `${name}=${text}`),
  ])
  expect(code).toBe(2)
  expect(stderr).toContain(`Expected \`${option}\` to be ${expected}`)
})

it('logs once why its probes fail', async () => {
  let probes = 0
  let probedThrice: () => void = () => {}
  const thrice = new Promise<void>((resolve) => {
    probedThrice = resolve
  })
  const server = createServer((_, response) => {
    response.writeHead(500).end()
    if (++probes === 3) probedThrice()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const gateway = await startGateway(temporaryDirectory(), (server.address() as AddressInfo).port)
  await thrice
  const last = await gateway.stop()
  const told = gateway.logged.filter(({ event }) => event === 'probe failed')
  expect(told).toMatchObject([{ code: 'upstream_error', status: 500, message: 'The probe was answered with 500.' }])
  expect(last).toMatchObject({ healthy: false, probeError: { upstream: { status: 500 } } })
}, 30_000)

it.each(['', 'x key', 'x:key'])('says that --key-header takes the name of a header, which %j is not', async (name) => {
  const place = ['--target', 'http://127.0.0.1:1', '--buffer', temporaryDirectory()]
  const { code, stderr } = await holdfast(['gateway', ...place, '--key-header', name])
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `holdfast: --key-header takes the name of a header, got \`${name}\`.\n`,
  })
})

it('stores a body as large as --max-body-bytes allows', async () => {
  const service = await startService()
  await service.stop()
  const large = 34_000_000
  const gateway = await startGateway(temporaryDirectory(), service.port, undefined, ['--max-body-bytes', String(large)])
  expect((await send(gateway.port, 'x'.repeat(large))).status).toBe(200)
  expect(await gateway.stop()).toMatchObject({ captured: 1, backlog: 1 })
}, 30_000)

interface Gateway {
  readonly port: number
  /** Resolves when it says that nothing is kept any more. */
  readonly drained: Promise<void>
  /** What it has logged. */
  readonly logged: readonly Record<string, unknown>[]
  /** The last line that it logs. */
  readonly stop: () => Promise<Record<string, unknown> | undefined>
}

async function startGateway(
  directory: string,
  target: number,
  clock?: Clock,
  more: readonly string[] = [],
): Promise<Gateway> {
  const stopping = new AbortController()
  let listening: (port: number) => void = () => {}
  const port = new Promise<number>((resolve) => {
    listening = resolve
  })
  let isDrained: () => void = () => {}
  const drained = new Promise<void>((resolve) => {
    isDrained = resolve
  })
  const logged: Record<string, unknown>[] = []
  const ended = holdfast(
    [
      'gateway',
      '--target',
      `http://127.0.0.1:${target}`,
      '--buffer',
      directory,
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--health-interval',
      '50',
      '--json',
      ...more,
    ],
    {
      signal: stopping.signal,
      ...(clock === undefined ? {} : { clock }),
      onStdout: (text) => {
        for (const line of jsonLines(text)) {
          logged.push(line)
          if (line['event'] === 'listening') listening(Number(line['port']))
          if (line['event'] === 'mode' && line['cause'] === 'drained') isDrained()
        }
      },
    },
  )
  return {
    port: await port,
    drained,
    logged,
    async stop() {
      stopping.abort(new Error('stopped'))
      const { code, stdout } = await ended
      expect(code).toBe(0)
      return jsonLines(stdout).at(-1)
    },
  }
}

/** A service whose answers to all but its health check begin, and do not end. */
async function startStreamingService(): Promise<{ readonly port: number; readonly left: Promise<void> }> {
  let leave: () => void = () => {}
  const left = new Promise<void>((resolve) => {
    leave = resolve
  })
  const server = createServer((request, response) => {
    if (request.url === '/health') return void response.end()
    response.once('close', leave)
    response.write('first')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, left }
}

function send(port: number, body: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/hooks`, { method: 'POST', body })
}

async function startService(
  port = 0,
  beforeAnswer: () => Promise<void> = () => Promise.resolve(),
): Promise<{
  readonly port: number
  readonly received: readonly string[]
  readonly stop: () => Promise<void>
}> {
  const received: string[] = []
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    if (request.method === 'POST') {
      received.push(body)
      await beforeAnswer()
    }
    response.writeHead(201, { 'x-by': 'service' }).end(`took ${body}`)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(stop)
  return { port: (server.address() as AddressInfo).port, received, stop }
}
