import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sign } from '@octokit/webhooks-methods'
import { expect, onTestFinished, test, vi } from 'vitest'

const secret = 'a secret'
const body = JSON.stringify({ zen: 'Design for failure.' })
const signature = await sign(secret, body)
const forged = `sha256=${'0'.repeat(64)}`

test('hono.ts delivers a signed webhook, refuses a forged one, and ends cleanly on SIGTERM', async () => {
  const inbox = await mkdtemp(join(tmpdir(), 'holdfast-hono-'))
  onTestFinished(() => rm(inbox, { recursive: true }))
  const app = spawn(process.execPath, ['--conditions=@holdfast/source', join(import.meta.dirname, 'hono.ts')], {
    env: { ...process.env, INBOX: inbox, GITHUB_WEBHOOK_SECRET: secret, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void app.kill('SIGKILL'))
  const lines: AsyncIterator<string> = createInterface({ input: app.stdout })[Symbol.asyncIterator]()
  const port = /port: (\d+)/.exec((await lines.next()).value as string)?.[1]
  const post = async (value: string): Promise<number> => {
    // A connection that is kept alive would hold the server open for some seconds.
    const headers = { ...headersOf(value), connection: 'close' }
    return (await fetch(`http://localhost:${port}/webhooks/github`, { method: 'POST', headers, body })).status
  }

  expect([await post(forged), await post(signature)]).toEqual([401, 200])
  expect((await lines.next()).value).toBe('delivered ping one')
  app.kill('SIGTERM')
  expect(await once(app, 'exit')).toEqual([0, null])
})

test('lambda.ts accepts with one function and delivers with the other', async () => {
  vi.stubEnv('GITHUB_WEBHOOK_SECRET', secret)
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  const { drain, handler } = await import('./lambda.ts')
  const post = (value: string) =>
    handler({
      rawPath: '/webhooks/github',
      rawQueryString: '',
      pathParameters: { source: 'github' },
      headers: headersOf(value),
      requestContext: { http: { method: 'POST', sourceIp: '192.0.2.1' } },
      body,
    })

  expect((await post(forged)).statusCode).toBe(401)
  expect(await post(signature)).toMatchObject({ statusCode: 200, body: '{"status":"accepted"}' })
  expect(log).not.toHaveBeenCalled()
  expect(await drain({}, { getRemainingTimeInMillis: () => 10_000 })).toMatchObject({ delivered: 1, backlog: 0 })
  expect(log.mock.calls).toEqual([['delivered', 'ping', 'one']])
})

function headersOf(value: string): Record<string, string> {
  return { 'x-github-event': 'ping', 'x-github-delivery': 'one', 'x-hub-signature-256': value }
}
