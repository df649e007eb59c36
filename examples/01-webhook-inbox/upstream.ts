import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { recorder, type UpstreamLine } from './records.ts'
import { timeline } from './timeline.ts'

// The other company's API: `PUT /activities/:delivery`. It allows a number of calls per window and says so in every answer,
// it can be told to fail for a while, and it writes down every call that it gets.

const { calls: limit, windowMs } = timeline.limit
const latencyMs = 15

const record = recorder<UpstreamLine>(process.env.RECORD ?? 'upstream.jsonl')
let failing = false
let windowEndsAt = 0
let remaining: number = limit

const server = createServer((request, response) => {
  const hash = createHash('sha256')
  request.on('data', (bytes: Buffer) => hash.update(bytes))
  request.on('end', () => {
    const now = Date.now()
    if (now >= windowEndsAt) {
      windowEndsAt = now + windowMs
      remaining = limit
    }
    const status = failing ? 503 : remaining === 0 ? 429 : 200
    if (status === 200) remaining--

    const resetSeconds = Math.ceil((windowEndsAt - now) / 1_000)
    response.setHeader('ratelimit-limit', limit)
    response.setHeader('ratelimit-remaining', remaining)
    response.setHeader('ratelimit-reset', resetSeconds)
    if (status === 429) response.setHeader('retry-after', resetSeconds)
    response.statusCode = status

    const delivery = (request.url ?? '').split('/').at(-1) ?? ''
    record({ delivery, status, sha256: hash.digest('hex'), remaining, resetAt: windowEndsAt })
    setTimeout(() => response.end(), latencyMs)
  })
})

process.on('message', (message: { readonly failing: boolean }) => {
  failing = message.failing
})
process.on('disconnect', () => process.exit())

server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
