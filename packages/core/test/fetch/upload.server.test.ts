import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const SIZE = 256 * 1024 ** 2

describe('an upload of 256 MB', () => {
  const received: number[] = []
  let statuses: number[] = []
  const server = createServer((request, response) => {
    let size = 0
    request.on('data', (chunk: Buffer) => (size += chunk.length))
    request.on('end', () => {
      if (request.url !== '/warm') received.push(size)
      response.statusCode = request.url === '/warm' ? 200 : (statuses.shift() ?? 200)
      response.end()
    })
  })

  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  it.each([
    ['as a stream', 'stream', [500], 500, 1],
    ['longer than what may be buffered', 'buffered', [500], 500, 1],
    ['from a factory, sent twice', 'factory', [500, 201], 201, 2],
  ])(
    '%s does not sit in memory',
    async (_, kind, answers, status, times) => {
      received.length = 0
      statuses = [...answers]
      const { port } = server.address() as AddressInfo
      const child = fork(join(import.meta.dirname, 'upload-client.ts'), [`http://127.0.0.1:${port}`, kind])
      try {
        const [told] = (await once(child, 'message')) as [{ readonly status: number; readonly growthMb: number }]
        expect(told.status).toBe(status)
        expect(received).toEqual(Array.from({ length: times }, () => SIZE))
        expect(told.growthMb).toBeLessThanOrEqual(64)
      } finally {
        child.kill()
      }
    },
    60_000,
  )
})
