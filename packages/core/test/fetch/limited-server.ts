import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// A provider in a process of its own: so many requests in any window, by its own clock, for each first segment of the path.
// Run with fork and the limits as JSON; it says its port.

interface Limit {
  readonly limit: number
  readonly windowMs: number
}

const limits = new Map(Object.entries(JSON.parse(process.argv[2] ?? '{}') as Record<string, Limit>))
const taken = new Map<string, number[]>()

const server = createServer((request, response) => {
  const group = request.url?.split('/')[1] ?? ''
  const { limit, windowMs } = limits.get(group) ?? { limit: Infinity, windowMs: 0 }
  const now = performance.now()
  const current = (taken.get(group) ?? []).filter((at) => at > now - windowMs)
  taken.set(group, current)
  if (current.length < limit) {
    current.push(now)
  } else {
    response.statusCode = 429
    response.setHeader('retry-after', Math.ceil(((current[0] ?? now) + windowMs - now) / 1_000))
  }
  response.end()
})

process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
