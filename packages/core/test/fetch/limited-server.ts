import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// A provider in a process of its own: so many requests in any window, by its own clock. Run with fork; it says its port.

const LIMIT = 5
const WINDOW_MS = 200

const taken: number[] = []
let refused = 0

const server = createServer((request, response) => {
  if (request.url === '/refused') {
    response.end(String(refused))
    return
  }
  const now = performance.now()
  while ((taken[0] ?? Infinity) <= now - WINDOW_MS) taken.shift()
  if (taken.length < LIMIT) {
    taken.push(now)
  } else {
    refused++
    response.statusCode = 429
    response.setHeader('retry-after', 1)
  }
  response.end()
})

process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
