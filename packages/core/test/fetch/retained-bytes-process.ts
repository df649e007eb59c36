import { createFetch, type FetchOptions } from '../../src/index.ts'

// Tells how many bytes each kind of host keeps. Run with fork and --expose-gc: the heap of a process of its own is quiet.

const HOSTS = 1_000

const off = { deadlineMs: false, attemptTimeoutMs: false, retry: false, rateLimit: false, breaker: false } as const
const told = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4987', 'x-ratelimit-reset': '3600' }
const declaring = {
  id: 'declaring',
  name: 'Declaring',
  sources: [{ url: 'https://example.com/limits', verifiedAt: '2026-11-26' }],
  rateLimits: [{ id: 'calls', scope: 'connection', limit: { value: 5_000 }, windowMs: { value: 3_600_000 } }],
} as const

interface Kind {
  readonly options?: FetchOptions
  readonly answer?: ResponseInit
  readonly calls?: number
  readonly query?: string
}

const breaker = { breaker: {} }
const bucket = { rateLimit: {} }
const failing = { status: 500 }
const telling = { headers: told }
const kinds: Readonly<Record<string, Kind>> = {
  'a host': {},
  'a host whose first URL was long': { query: `?${'x'.repeat(4_096)}` },
  'a breaker': { options: breaker, calls: 20 },
  'a breaker after a failure': { options: breaker, answer: failing },
  'a breaker one failure before it opens': { options: breaker, answer: failing, calls: 9 },
  'an open breaker': { options: breaker, answer: failing, calls: 10 },
  'a bucket': { options: bucket, calls: 20 },
  'a bucket that was told': { options: bucket, answer: telling },
  'a bucket that was declared': { options: { ...bucket, connector: declaring } },
  'a bucket with all the calls that it remembers': { options: bucket, calls: 100 },
  'a bucket that was told, with all the calls that it remembers': { options: bucket, answer: telling, calls: 100 },
}

const kept: unknown[] = []

async function bytesOf({ options, answer, calls = 1, query = '' }: Kind): Promise<number> {
  const fetch = createFetch({ ...off, bulkhead: {}, ...options, fetch: async () => new Response(null, answer) })
  kept.push(fetch)
  // What is made once, compiled code above all, is there before the first look.
  for (let n = 0; n < 200; n++) await fetch(`https://warm${n}.example.com/`)
  const before = heapBytes()
  for (let call = 0; call < calls; call++)
    for (let n = 0; n < HOSTS; n++) await fetch(`https://host${n}.example.com/items${query}`)
  return (heapBytes() - before) / HOSTS
}

function heapBytes(): number {
  // What the first collection frees may have held what the next one frees.
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const bytes: Record<string, number> = {}
for (const [name, kind] of Object.entries(kinds)) {
  const first = await bytesOf(kind)
  // What the compiler comes to late, on a busy machine, counts once.
  bytes[name] = Math.min(first, await bytesOf(kind))
}
process.send?.(bytes)
