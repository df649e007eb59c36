import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('waits for the limit, repeats what is safe to repeat, and prints what happened', async () => {
  const answers = [
    { status: 429, headers: { 'ratelimit-limit': '5', 'ratelimit-remaining': '0', 'ratelimit-reset': '1' } },
    { status: 503, headers: { 'retry-after': '0' } },
    { status: 200, headers: {} },
  ]
  let calls = 0
  const server = createServer((_request, response) => {
    const answer = answers[calls++] ?? { status: 500, headers: {} }
    response.writeHead(answer.status, answer.headers).end('Keep it logically awesome.')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@holdfast/source', join(import.meta.dirname, 'main.ts')],
      { env: { ...process.env, API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } },
    )
    expect(stdout).toMatch(/limited: going on in \d+/)
    expect(stdout).toContain('200 Keep it logically awesome.')
    expect(stderr).toBe('')
    expect(calls).toBe(3)
  } finally {
    server.close()
  }
})
