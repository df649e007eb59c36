/**
 * The upstream of the section `limits`. A path is `/<dialect>/<bucket>/<limit per second>/…`; each bucket lets so many requests
 * through in each second of the clock, and answers 429 to the others, which count for nothing. Told how many a bucket has
 * seen when it is asked on its channel.
 */
import { createServer, type OutgoingHttpHeaders } from 'node:http'
import { latencyMs } from './limits-scenarios.ts'

/** What the server saw of a bucket. */
export interface BucketLog {
  readonly requests: number
  readonly refused: number
}

interface Bucket {
  second: number
  used: number
  requests: number
  refused: number
}

const buckets = new Map<string, Bucket>()

const server = createServer((request, response) => {
  const [, dialect = '', id = '', limitText = ''] = (request.url ?? '').split('/')
  const limit = Number(limitText)
  const now = Date.now()
  const bucket = bucketOf(`${dialect}/${id}`, Math.floor(now / 1_000))
  bucket.requests += 1
  const isRefused = bucket.used >= limit
  if (isRefused) bucket.refused += 1
  else bucket.used += 1
  const headers: OutgoingHttpHeaders = {
    'content-type': 'application/json',
    ...(dialect === 'told' ? toldHeaders(limit, bucket) : {}),
    ...(isRefused ? { 'retry-after': '1' } : {}),
  }
  const body = JSON.stringify(isRefused ? { message: 'API rate limit exceeded for user ID 1.' } : { id: 1 })
  setTimeout(() => response.writeHead(isRefused ? 429 : 200, headers).end(body), latencyMs)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
})
process.on('message', () => process.send?.(Object.fromEntries(buckets)))
process.on('disconnect', () => process.exit(0))

function bucketOf(key: string, second: number): Bucket {
  const bucket = buckets.get(key) ?? { second, used: 0, requests: 0, refused: 0 }
  buckets.set(key, bucket)
  if (bucket.second !== second) {
    bucket.second = second
    bucket.used = 0
  }
  return bucket
}

/** The state of the limit as GitHub tells it. */
function toldHeaders(limit: number, { second, used }: Bucket): OutgoingHttpHeaders {
  return {
    'x-ratelimit-limit': limit,
    'x-ratelimit-remaining': limit - used,
    'x-ratelimit-used': used,
    'x-ratelimit-reset': second + 1,
    'x-ratelimit-resource': 'core',
  }
}
