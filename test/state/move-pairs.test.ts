import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresBuffer } from '@holdfast/adapters/postgres'
import { redisBuffer } from '@holdfast/adapters/redis'
import { type EventBuffer, moveEvents, type StoredEvent } from '@holdfast/webhook-receiver'
import { diskBuffer, sqliteBuffer } from '@holdfast/webhook-receiver/disk'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { clients as postgresClients, startPostgres } from './postgres-service.ts'
import { clients as redisClients, startRedis } from './redis-service.ts'
import { eventOf, KEYS } from './numbered-event.ts'

const STORED_BEFORE = 600
const SENT_AT_ONCE = 5
const SENT_EVERY_MS = 20

type Make = () => Promise<EventBuffer>

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-move-pairs-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

const hasRedis = hasService('Redis', 'redis-server')
const hasPostgres = hasService('PostgreSQL', 'initdb', 'postgres')

/** What makes each kind; those that need a server are filled in when it runs. */
const kinds: Record<string, Make | undefined> = {
  file: async () => diskBuffer({ directory: await temporaryDirectory() }),
  sqlite: async () => sqliteBuffer({ directory: await temporaryDirectory() }),
  redis: undefined,
  postgres: undefined,
}
const names = ['file', 'sqlite', ...(hasRedis ? ['redis'] : []), ...(hasPostgres ? ['postgres'] : [])]
const pairs = names.flatMap((from) => names.map((to) => [from, to] as const))

/** Stores one event after the other until it is stopped, some at a time. */
function startSender(buffer: EventBuffer): { stop(): Promise<number> } {
  let sent = STORED_BEFORE
  let isStopped = false
  const sending = (async () => {
    while (!isStopped) {
      await buffer.append(Array.from({ length: SENT_AT_ONCE }, (_, index) => eventOf(sent + index)))
      sent += SENT_AT_ONCE
      await new Promise((resolve) => setTimeout(resolve, SENT_EVERY_MS))
    }
  })()
  return {
    async stop() {
      isStopped = true
      await sending
      return sent
    },
  }
}

/** The same buffer, in which the mover dies after it has stored something and before it knows. */
function dyingAfter(buffer: EventBuffer, appends: number): EventBuffer {
  let left = appends
  const append: EventBuffer['append'] = async (events) => {
    const results = await buffer.append(events)
    if (left-- === 0) throw new Error('killed')
    return results
  }
  return new Proxy(buffer, {
    get(target, name) {
      if (name === 'append') return append
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** Everything that a consumer has before it, as it is delivered, by key. */
async function delivered(buffer: EventBuffer, name: string): Promise<Map<string, number[]>> {
  const consumer = await buffer.openConsumer(name)
  const numbers = new Map<string, number[]>()
  for (const lease of await consumer.acquire({ owner: 'drainer', leaseMs: 60_000 })) {
    const { lowWater, done } = await consumer.load(lease)
    const isDone = new Set(done)
    for (let after = lowWater; ; ) {
      const entries = await consumer.read(lease, after, { limit: 500, maxBytes: 1e8, waitMs: 0 })
      const events = entries.flatMap((entry): StoredEvent[] => (entry.kind === 'event' ? [entry.event] : []))
      if (events.length === 0) break
      for (const { key = '', body, position } of events)
        if (!isDone.has(position)) numbers.set(key, [...(numbers.get(key) ?? []), Number(Buffer.from(body).toString())])
      after = events.at(-1)!.position
      await consumer.commit(lease, { done: events.map(({ position }) => position) })
    }
    await consumer.release(lease)
  }
  return numbers
}

describe('moving online', () => {
  const services: { dispose(): unknown }[] = []
  beforeAll(async () => {
    if (hasRedis) {
      const service = await startRedis({ durable: true })
      const { client, close } = await redisClients['ioredis']!(service.port)
      services.push({ dispose: close }, service)
      kinds['redis'] = async () => redisBuffer(client, { name: `inbox-${randomUUID().slice(0, 8)}`, partitions: 4 })
    }
    if (hasPostgres) {
      const service = await startPostgres()
      const { client, close } = await postgresClients['pg']!(service.port)
      services.push({ dispose: close }, service)
      kinds['postgres'] = async () =>
        postgresBuffer(client, { name: `inbox-${randomUUID().slice(0, 8)}`, partitions: 3 })
    }
  }, 60_000)
  afterAll(async () => {
    for (const service of services) await service.dispose()
  })

  async function opened(kind: string): Promise<EventBuffer> {
    const buffer = await kinds[kind]!()
    await buffer.open()
    onTestFinished(() => buffer.close())
    return buffer
  }

  test.each(pairs)(
    'from %s to %s loses nothing and keeps the order of each key while a sender goes on, and when it is broken off',
    async (fromKind, toKind) => {
      const [from, to] = [await opened(fromKind), await opened(toKind)]
      await from.openConsumer('crm')
      const orders = await from.openConsumer('orders')
      const stored = await from.append(Array.from({ length: STORED_BEFORE }, (_, index) => eventOf(index)))
      const leases = await orders.acquire({ owner: 'tester', leaseMs: 60_000 })
      // `orders` is through with the first hundred.
      for (const lease of leases) {
        const done = stored.slice(0, 100).filter(({ partition }) => partition === lease.partition)
        await orders.commit(lease, { done: done.map(({ position }) => position) })
        await orders.release(lease)
      }

      const sender = startSender(from)
      onTestFinished(async () => void (await sender.stop()))
      await expect(moveEvents(from, dyingAfter(to, 1))).rejects.toThrow('killed')
      const { duplicates } = await moveEvents(from, to)
      expect(duplicates).toBeGreaterThan(0)
      const sent = await sender.stop()
      await moveEvents(from, to)
      expect(await moveEvents(from, to)).toEqual({ moved: 0, duplicates: 0, lost: 0 })

      const [byCrm, byOrders] = [await delivered(to, 'crm'), await delivered(to, 'orders')]
      const all = Array.from({ length: sent }, (_, number) => number)
      for (let key = 0; key < KEYS; key++) {
        const own = all.filter((number) => number % KEYS === key)
        expect(byCrm.get(`key_${key}`)).toEqual(own)
        expect(byOrders.get(`key_${key}`)).toEqual(own.filter((number) => number >= 100))
      }
    },
    60_000,
  )
})
