import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable } from 'node:stream'
import { sign } from '@octokit/webhooks-methods'
import { expect, test } from 'vitest'

const secret = 'quick-start-secret'

test('accepts a signed webhook, delivers it, refuses a forged one, and remembers it across kill -9', async () => {
  const inbox = await mkdtemp(join(tmpdir(), 'holdfast-quick-start-'))
  let app = start(inbox)
  try {
    const body = JSON.stringify({ zen: 'Design for failure.' })
    const signature = await sign(secret, body)
    let url = await app.url()

    expect(await post(url, 'first', body, signature)).toBe(200)
    expect(await app.line(/^delivered/)).toBe('delivered ping first')
    expect(await post(url, 'forged', body, `sha256=${'0'.repeat(64)}`)).toBe(401)

    app.process.kill('SIGKILL')
    await once(app.process, 'exit')
    app = start(inbox)
    url = await app.url()
    expect(await post(url, 'first', body, signature)).toBe(200)
    expect(await post(url, 'second', body, signature)).toBe(200)
    expect(await app.line(/^delivered/)).toBe('delivered ping second')
  } finally {
    app.process.kill('SIGKILL')
    await rm(inbox, { recursive: true })
  }
})

interface RunningApp {
  readonly process: ChildProcessByStdio<null, Readable, null>
  line(pattern: RegExp): Promise<string>
  url(): Promise<string>
}

function start(inbox: string): RunningApp {
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', join(import.meta.dirname, 'main.ts')], {
    env: { ...process.env, INBOX: inbox, GITHUB_WEBHOOK_SECRET: secret, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: Interface = createInterface({ input: child.stdout })
  const waiting: AsyncIterator<string> = lines[Symbol.asyncIterator]()
  const line = async (pattern: RegExp): Promise<string> => {
    let text = ''
    for (;;) {
      const next = await waiting.next()
      if (next.done) throw new Error(`the application ended without a line like ${pattern}; it printed ${text}`)
      if (pattern.test(next.value)) return next.value
      text += `${next.value}\n`
    }
  }
  return {
    process: child,
    line,
    url: async () => `http://127.0.0.1:${/port: (\d+)/.exec(await line(/^listening/))?.[1]}/webhooks/github`,
  }
}

async function post(url: string, delivery: string, body: string, signature: string): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'ping',
      'x-github-delivery': delivery,
      'x-hub-signature-256': signature,
    },
    body,
  })
  await response.arrayBuffer()
  return response.status
}
