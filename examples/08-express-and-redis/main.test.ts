import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { sign } from '@octokit/webhooks-methods'
import { expect, onTestFinished, test } from 'vitest'
import { findProgram } from '../../test/clients/service-process.ts'

const secret = 'a secret'

test.runIf(findProgram('redis-server'))(
  'two processes deliver every webhook once and in order, and one of them goes on alone',
  async () => {
    const redisUrl = await startRedis()
    const apps = await Promise.all([startApp(redisUrl), startApp(redisUrl)])
    const [first, second] = apps
    const count = (): number => first.delivered.length + second.delivered.length

    const send = async (from: number, to: number, ports: readonly number[]): Promise<void> => {
      for (let index = from; index < to; index++)
        expect(await post(ports[index % ports.length]!, `${index}`, `acme/${index % 3}`)).toBe(200)
    }
    await send(0, 30, [first.port, second.port])
    await until(() => count() >= 30)
    expect(await post(first.port, 'forged', 'acme/0', 'another secret')).toBe(401)

    first.child.kill('SIGTERM')
    await once(first.child, 'exit')
    await send(30, 60, [second.port])
    await until(() => count() >= 60)

    for (const repository of [0, 1, 2]) {
      const idsOf = ({ delivered }: RunningApp): number[] =>
        delivered
          .filter((line) => line.startsWith(`delivered acme/${repository} `))
          .map((line) => Number(line.split(' ')[2]))
      const ids = apps.map(idsOf)
      for (const some of ids) expect(some).toEqual(some.toSorted((left, right) => left - right))
      expect(ids.flat().toSorted((left, right) => left - right)).toEqual(
        Array.from({ length: 20 }, (_, index) => index * 3 + repository),
      )
    }
    second.child.kill('SIGTERM')
    await once(second.child, 'exit')
  },
)

interface RunningApp {
  readonly child: ChildProcess
  readonly port: number
  /** What it said that it has delivered. */
  readonly delivered: readonly string[]
}

async function startRedis(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-express-redis-'))
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '']
  const child = spawn(findProgram('redis-server') ?? '', [...place, '--appendonly', 'yes', '--appendfsync', 'always'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    await rm(directory, { recursive: true })
  })
  await lineOf(child.stdout, /Ready to accept connections/, () => {})
  return `redis://127.0.0.1:${port}`
}

async function startApp(redisUrl: string): Promise<RunningApp> {
  const delivered: string[] = []
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', join(import.meta.dirname, 'main.ts')], {
    env: { ...process.env, REDIS_URL: redisUrl, GITHUB_WEBHOOK_SECRET: secret, PORT: '0', LEASE_MS: '1000' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const listening = await lineOf(child.stdout, /port: (\d+)/, (line) => {
    if (line.startsWith('delivered')) delivered.push(line)
  })
  return { child, port: Number(/port: (\d+)/.exec(listening)?.[1]), delivered }
}

/** The first line that fits; `onLine` gets every line. */
function lineOf(output: Readable, pattern: RegExp, onLine: (line: string) => void): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: output }).on('line', (line) => {
      if (pattern.test(line)) resolve(line)
      onLine(line)
    })
  })
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 10))
}

async function post(port: number, delivery: string, repository: string, key = secret): Promise<number> {
  const body = JSON.stringify({ delivery, repository: { full_name: repository } })
  const headers = {
    'x-github-event': 'ping',
    'x-github-delivery': delivery,
    'x-hub-signature-256': await sign(key, body),
    // A connection that is kept alive would hold the server open for some seconds.
    connection: 'close',
  }
  const response = await fetch(`http://localhost:${port}/webhooks/github`, { method: 'POST', headers, body })
  await response.arrayBuffer()
  return response.status
}
