/**
 * A process that takes a partition, reads what is in it, and acknowledges all of it only when it is told to: meanwhile it can be frozen for longer than its
 * lease. Its settings are the only argument. It says what it has read, and what became of the ack.
 */
import type { BinaryIoredisLike } from '@holdfast/adapters/redis'
import { redisBuffer } from '@holdfast/adapters/redis'
import { clients } from '../state/redis-service.ts'
import { type StoreName, stores } from './stores.ts'

/** What the process is told. */
export interface FrozenOwnerSettings {
  readonly store: StoreName
  readonly port: number
  readonly client: string
  readonly leaseMs: number
  /** Has the scripts of Redis not ask whether the lease holds. */
  readonly unfenced: boolean
}

const { store, port, client, leaseMs, unfenced } = JSON.parse(process.argv[2] ?? '') as FrozenOwnerSettings
const buffer =
  unfenced && store === 'redis' ? await unfencedRedis() : (await stores[store].connect(port, client)).buffer
await buffer.open()
const consumer = await buffer.openConsumer('ledger')
const leases = await consumer.acquire({ owner: 'frozen', leaseMs })
const read = await Promise.all(
  leases.map(async (lease) => {
    const entries = await consumer.read(lease, null, { limit: 10, maxBytes: 1e6, waitMs: 0 })
    const done = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event.position] : []))
    return { lease, done }
  }),
)
process.once('message', () => void acknowledge())
process.on('disconnect', () => process.exit(2))
process.send?.(read.reduce((sum, { done }) => sum + done.length, 0))

async function acknowledge(): Promise<void> {
  const outcomes = await Promise.allSettled(read.map(({ lease, done }) => consumer.commit(lease, { done })))
  const reasons = outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return 'moved'
    return (outcome.reason as { readonly reason?: string }).reason ?? String(outcome.reason)
  })
  process.send?.([...new Set(reasons)].join(' '), () => process.exit(0))
}

async function unfencedRedis() {
  const { client: connected } = await clients['ioredis']!(port)
  const ioredis = connected as BinaryIoredisLike
  const reckless: BinaryIoredisLike = {
    defineCommand: () => undefined,
    eval: () => Promise.reject(new Error('is not used')),
    callBuffer(command, script, ...args) {
      // So that all of them are sent as text.
      if (command === 'evalsha') return Promise.reject(new Error('NOSCRIPT'))
      const text = String(script).replaceAll(
        "if held[1] ~= ARGV[1] or held[2] ~= run or not held[3] or held[3] == '' then",
        'if false then',
      )
      return ioredis.callBuffer(command, text, ...args)
    },
  }
  return redisBuffer(reckless, { name: 'inbox' })
}
