import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { flakyUpstream } from '@holdfast/core/testing'
import { expect, test } from 'vitest'

test('waits for the limit, repeats what is safe to repeat, and prints what happened', async () => {
  const upstream = await flakyUpstream()
  upstream.on('GET /zen', [
    { status: 429, headers: { 'ratelimit-limit': '5', 'ratelimit-remaining': '0', 'ratelimit-reset': '1' } },
    { status: 503, headers: { 'retry-after': '0' } },
    { body: 'Keep it logically awesome.' },
  ])
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@holdfast/source', join(import.meta.dirname, 'main.ts')],
      { env: { ...process.env, API_URL: upstream.url } },
    )
    expect(stdout).toMatch(/limited: going on in \d+/)
    expect(stdout).toContain('200 Keep it logically awesome.')
    expect(stderr).toBe('')
    expect(upstream.requests).toHaveLength(3)
  } finally {
    await upstream.close()
  }
})
