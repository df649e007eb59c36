import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createFetch } from '../../src/index.ts'

it('keeps a declared limit on a real server in another process, without one 429', async () => {
  const server = fork(join(import.meta.dirname, 'limited-server.ts'))
  try {
    const [{ port }] = (await once(server, 'message')) as [{ readonly port: number }]
    const origin = `http://127.0.0.1:${port}`
    const fetch = createFetch({
      connector: {
        id: 'acme',
        name: 'Acme',
        sources: [],
        rateLimits: [{ id: 'all', scope: 'connection', limit: { value: 5 }, windowMs: { value: 200 } }],
      },
    })
    const startedMs = performance.now()
    const responses = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const response = await fetch(`${origin}/things`)
        await response.body?.cancel()
        return response.status
      }),
    )
    expect(responses).toEqual(Array.from({ length: 20 }, () => 200))
    // Three windows have to pass. A busy machine may be slow, but not faster.
    expect(performance.now() - startedMs).toBeGreaterThan(600)
    expect(await (await globalThis.fetch(`${origin}/refused`)).text()).toBe('0')
  } finally {
    server.kill()
    await once(server, 'exit')
  }
})
