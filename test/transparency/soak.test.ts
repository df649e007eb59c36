import { createFetch } from '@holdfast/core'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it, onTestFinished } from 'vitest'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const CALLS = 20_000
// A call that left 200 bytes behind would be noticed.
const MAX_GROWTH_BYTES = 3_000_000

it('20,000 calls that share one signal cause no warning and leave nothing in memory', async () => {
  const url = await startServer()
  const warnings: Error[] = []
  const onWarning = (warning: Error): number => warnings.push(warning)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))

  const fetch = createFetch({ bulkhead: {} })
  const { signal } = new AbortController()
  const callOften = async (calls: number): Promise<number> => {
    for (let done = 0; done < calls; done += 50) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const response = await fetch(`${url}?${index}`, { method: 'POST', body: 'x', signal })
          // Read, cancelled or left alone: each of them ends.
          if (index % 3 === 0) await response.text()
          else if (index % 3 === 1) await response.body?.cancel()
        }),
      )
    }
    return settledHeapBytes()
  }
  const before = await callOften(CALLS / 4)
  const after = await callOften((CALLS / 4) * 3)
  expect(warnings.map(({ message }) => message)).toEqual([])
  expect(after - before).toBeLessThan(MAX_GROWTH_BYTES)
}, 120_000)

async function startServer(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('body'))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** What is in use once finalizers, which run on a later turn, have run too. */
async function settledHeapBytes(): Promise<number> {
  for (let turn = 0; turn < 20; turn++) {
    collectGarbage()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}
