import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sign } from '@octokit/webhooks-methods'
import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { findProgram } from '../../test/clients/service-process.ts'
import { account, startPostgres } from '../../test/state/postgres-service.ts'

const secret = 'a secret'
const STARS = 60

test.runIf(findProgram('initdb'))(
  'every star is counted once, though a process is killed while it counts',
  async () => {
    const service = await startPostgres()
    onTestFinished(() => service.dispose())
    const pool = new Pool({ ...account, port: service.port })
    onTestFinished(() => pool.end())
    const counted = async (): Promise<Record<string, number>> => {
      const { rows } = await pool.query<{ repository: string; stars: number }>('select * from star_count')
      return Object.fromEntries(rows.map(({ repository, stars }) => [repository, stars]))
    }

    const url = `postgres://${account.user}@${account.host}:${service.port}/${account.database}`
    const [killed, other] = await Promise.all([startApp(url), startApp(url)])
    for (let star = 0; star < STARS; star++) {
      expect(await post(other.port, `star ${star}`, `acme/${star % 2}`)).toBe(200)
      if (star === STARS / 2) killed.child.kill('SIGKILL')
    }
    // GitHub repeats what it is not sure of.
    expect(await post(other.port, 'star 0', 'acme/0')).toBe(200)
    expect(await post(other.port, 'forged', 'acme/0', 'another secret')).toBe(401)
    await expect.poll(counted, { timeout: 20_000, interval: 20 }).toEqual({ 'acme/0': STARS / 2, 'acme/1': STARS / 2 })

    other.child.kill('SIGTERM')
    await once(other.child, 'exit')
  },
  40_000,
)

async function startApp(url: string): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', join(import.meta.dirname, 'main.ts')], {
    env: { ...process.env, DATABASE_URL: url, GITHUB_WEBHOOK_SECRET: secret, PORT: '0', LEASE_MS: '1000' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^listening .*:(\d+)$/.exec(line)?.[1]
    if (port !== undefined) return { child, port: Number(port) }
  }
  throw new Error('The program ended.')
}

async function post(port: number, delivery: string, repository: string, key = secret): Promise<number> {
  const body = JSON.stringify({ action: 'created', delivery, repository: { full_name: repository } })
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'star',
    'x-github-delivery': delivery,
    'x-hub-signature-256': await sign(key, body),
    // A connection that is kept alive would hold the server open for some seconds.
    connection: 'close',
  }
  const response = await fetch(`http://localhost:${port}/webhooks/github`, { method: 'POST', headers, body })
  await response.arrayBuffer()
  return response.status
}
