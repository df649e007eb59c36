import { getEventListeners } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetch } from '../../src/index.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

describe('createFetch: one signal for 10,000 calls', () => {
  let server: Server
  let url: string

  beforeAll(async () => {
    server = createServer((_request, response) => response.end('body')).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  })

  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  it('carries no listener of ours once the responses are garbage', async () => {
    const fetch = createFetch()
    const { signal } = new AbortController()
    const call = async (): Promise<void> => {
      const response = await fetch(url, { signal })
      await response.text()
    }
    for (let batch = 0; batch < 200; batch++) await Promise.all(Array.from({ length: 50 }, call))
    // Finalizers run after a collection, on a later turn of the event loop.
    for (let turn = 0; turn < 50 && getEventListeners(signal, 'abort').length > 0; turn++) {
      collectGarbage()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  }, 60_000)

  it('still aborts a body whose Response nobody holds any more', async () => {
    const slow = createServer((_request, response) => response.write('begin')).listen(0, '127.0.0.1')
    await new Promise((resolve) => slow.once('listening', resolve))
    try {
      const controller = new AbortController()
      const readerOf = async () => {
        const response = await createFetch()(`http://127.0.0.1:${(slow.address() as AddressInfo).port}/`, {
          signal: controller.signal,
        })
        return response.body?.getReader()
      }
      const reader = await readerOf()
      await reader?.read()
      collectGarbage()
      await new Promise((resolve) => setImmediate(resolve))
      const reason = new Error('enough')
      const next = reader?.read().catch((error: unknown) => error)
      controller.abort(reason)
      expect(await next).toBe(reason)
    } finally {
      slow.closeAllConnections()
      slow.close()
    }
  })
})
