import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { sign } from '@octokit/webhooks-methods'
import { expect, onTestFinished, test } from 'vitest'

const secret = 'a secret'

test.each(['node-http.ts', 'fastify.ts', 'koa.ts', 'nest.ts'])(
  '%s delivers a signed webhook, refuses a forged one, and ends cleanly on SIGTERM',
  async (file) => {
    const app = await start(file)
    const body = JSON.stringify({ zen: 'Design for failure.' })
    const signature = await sign(secret, body)
    const port = /port: (\d+)/.exec(await app.line(/^listening/))?.[1]
    const url = `http://localhost:${port}/webhooks/github`

    expect(await post(url, 'one', body, signature)).toBe(200)
    expect(await app.line(/^delivered/)).toBe('delivered ping one')
    expect(await post(url, 'two', body, `sha256=${'0'.repeat(64)}`)).toBe(401)
    expect(await post(url.replace('github', 'gitlab'), 'three', body, signature)).toBe(404)

    app.child.kill('SIGTERM')
    const [code, signal] = (await once(app.child, 'exit')) as [number | null, string | null]
    // Nest ends itself with the signal that it has handled.
    expect(code ?? signal).toBe(file === 'nest.ts' ? 'SIGTERM' : 0)
  },
)

interface RunningApp {
  readonly child: ChildProcessByStdio<null, Readable, null>
  /** The next line that it prints and that fits. */
  readonly line: (pattern: RegExp) => Promise<string>
}

async function start(file: string): Promise<RunningApp> {
  const inbox = await mkdtemp(join(tmpdir(), 'holdfast-frameworks-'))
  onTestFinished(() => rm(inbox, { recursive: true }))
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', join(import.meta.dirname, file)], {
    env: { ...process.env, INBOX: inbox, GITHUB_WEBHOOK_SECRET: secret, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: AsyncIterator<string> = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    async line(pattern) {
      for (;;) {
        const { done, value } = await lines.next()
        if (done) throw new Error(`${file} ended without a line like ${pattern}`)
        if (pattern.test(value)) return value
      }
    },
  }
}

async function post(url: string, delivery: string, body: string, signature: string): Promise<number> {
  const headers = { 'x-github-event': 'ping', 'x-github-delivery': delivery, 'x-hub-signature-256': signature }
  // A connection that is kept alive would hold the server open for some seconds.
  const response = await fetch(url, { method: 'POST', headers: { ...headers, connection: 'close' }, body })
  await response.arrayBuffer()
  return response.status
}
