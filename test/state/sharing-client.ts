import { postgresStateStore } from '@holdfast/adapters/postgres'
import { redisStateStore } from '@holdfast/adapters/redis'
import { type Connector, createFetch, type RateLimitRule, type StateStore } from '@holdfast/core'
import { clients as postgresClients } from './postgres-service.ts'
import { clients as redisClients } from './redis-service.ts'

// A process that calls an API together with others. Run with fork: it says when it is ready, begins when it is told how many
// calls to make at once, and says what came of them.

/** What the process is told. */
export interface Orders {
  readonly store: 'redis' | 'postgres'
  readonly client: string
  readonly port: number
  readonly url: string
  /** The limit that its connector declares; absent: none. */
  readonly declared?: { readonly limit: number; readonly windowMs: number }
}

const { store, client, port, url, declared } = JSON.parse(process.argv[2] ?? '') as Orders

const makeStore = async (): Promise<StateStore> => {
  if (store === 'redis') return redisStateStore((await redisClients[client]!(port)).client)
  return postgresStateStore((await postgresClients[client]!(port)).client)
}

const calls = { id: 'calls', scope: 'connection' } as const
const told: RateLimitRule = {
  ...calls,
  limit: { header: 'x-limit' },
  remaining: { header: 'x-left' },
  reset: { header: 'x-reset-ms', format: 'delta_ms' },
  examples: [
    {
      answer: { status: 200, headers: { 'x-limit': '40', 'x-left': '2', 'x-reset-ms': '350' } },
      reads: { limit: 40, remaining: 2, resetMs: 350 },
    },
  ],
}
const connector: Connector = {
  id: 'acme',
  name: 'Acme',
  sources: [],
  rateLimits: [
    declared === undefined
      ? told
      : { ...calls, limit: { value: declared.limit }, windowMs: { value: declared.windowMs } },
  ],
}
const state = await makeStore()
// Connected, and its tables are made.
await state.get('ready')
const failures: string[] = []
const fetch = createFetch({
  connector,
  state,
  deadlineMs: false,
  retry: { maxAttempts: 5, budget: false },
})
fetch.on('state:failed', ({ code }) => failures.push(code))

process.on('message', (count: number) => {
  const made = Array.from({ length: count }, async () => {
    const response = await fetch(url)
    await response.body?.cancel()
    return response.status
  })
  void Promise.all(made).then((statuses) => process.send?.({ statuses, failures }))
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
