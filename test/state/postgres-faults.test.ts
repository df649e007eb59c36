import { postgresBuffer, type PostgresBufferOptions } from '@holdfast/adapters/postgres'
import type { AppendResult, Consumer, EventBuffer, Lease, NewEvent, StoredEvent } from '@holdfast/webhook-receiver'
import { Client, Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { type LoopbackProxy, startProxy } from './loopback-proxy.ts'
import { freshName } from './postgres-harness.ts'
import { account, clients, type Connected, type PostgresService, startPostgres } from './postgres-service.ts'

const TIMEOUT_MS = 60_000
// More than retention deletes with one statement.
const MANY = 2_500

const eventsOf = (count: number, prefix = 'evt_', body = new Uint8Array()): NewEvent[] =>
  Array.from({ length: count }, (_, index) => {
    const id = `${prefix}${index}`
    return { id, source: 'shop', key: 'one', receivedAt: 0, method: 'POST', url: '/', headers: [], body }
  })

describe.runIf(hasService('PostgreSQL', 'initdb', 'postgres'))('postgresBuffer over a connection with faults', () => {
  let service: PostgresService
  let direct: Connected
  let proxy: LoopbackProxy
  beforeAll(async () => {
    service = await startPostgres()
    direct = await clients.pg!(service.port, 2)
    proxy = await startProxy(service.port)
  }, TIMEOUT_MS)
  afterAll(async () => {
    await proxy.close()
    await direct.close()
    await service.dispose()
  })

  /** A buffer of one connection, with an event in it. */
  const opened = async (options: Partial<PostgresBufferOptions> = {}): Promise<EventBuffer> => {
    const pool = new Pool({ ...account, port: proxy.port, max: 1, idleTimeoutMillis: 0 })
    pool.on('error', () => {})
    onTestFinished(() => pool.end())
    const buffer = postgresBuffer(pool, { name: freshName(), partitions: 1, ...options })
    await buffer.open()
    onTestFinished(() => buffer.close())
    await buffer.append(eventsOf(1, 'known_'))
    return buffer
  }

  const drained = async (
    buffer: EventBuffer,
  ): Promise<{ consumer: Consumer; lease: Lease; events: readonly StoredEvent[] }> => {
    const consumer = await buffer.openConsumer('orders')
    const [lease] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    const entries = await consumer.read(lease!, null, { limit: 10_000, maxBytes: 1e9, waitMs: 0 })
    return {
      consumer,
      lease: lease!,
      events: entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : [])),
    }
  }

  /** Repeats what fails because the connection is cut. */
  const untilDone = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        expect(error).toMatchObject({ reason: 'buffer_failed' })
      }
    }
  }

  it.each(['there', 'back'] as const)(
    'stores each event once, in order, when it is cut in the middle of a command on the way %s',
    async (direction) => {
      const buffer = await opened()
      const body = new Uint8Array(500)
      const places = direction === 'there' ? [1, 40, 150, 900, 2_500] : [1, 5, 30, 90]
      const results: AppendResult[] = []
      for (const [call, bytes] of places.entries()) {
        const cut = proxy.cutAfter(direction, bytes)
        results.push(...(await untilDone(() => buffer.append(eventsOf(5, `call_${call}_`, body)))))
        await cut
      }
      const { events } = await drained(buffer)
      const sent = places.flatMap((_, call) => eventsOf(5, `call_${call}_`).map(({ id }) => id))
      expect(events.map(({ id }) => id)).toEqual(['known_0', ...sent])
      expect(results.map(({ position }) => position)).toEqual(events.slice(1).map(({ position }) => position))
      // Where the answer was lost the repeat finds what was stored.
      const hasDuplicates = results.some(({ status }) => status === 'duplicate')
      expect(hasDuplicates).toBe(direction === 'back')
    },
    TIMEOUT_MS,
  )

  it.each(['lock holdfast.migration', 'lock holdfast.buffer'])(
    'ends each opening in time while another session has done `%s`, and opens when that is over',
    async (lock) => {
      const pool = new Pool({ ...account, port: service.port, max: 1 })
      onTestFinished(() => pool.end())
      const known = postgresBuffer(pool, { name: freshName() })
      await known.open()
      await known.close()
      const holder = new Client({ ...account, port: service.port })
      await holder.connect()
      await holder.query(`begin; ${lock}`)
      const buffers = [0, 1].map(() => postgresBuffer(pool, { name: freshName(), timeoutMs: 100 }))
      for (const buffer of [...buffers, ...buffers])
        await expect(buffer.open()).rejects.toMatchObject({
          reason: 'buffer_failed',
          message: 'PostgreSQL did not answer within 100 ms.',
        })
      await holder.query('rollback')
      await holder.end()
      // What waited for the lock goes on in the server, and keeps the only connection until it is done.
      for (const buffer of buffers) {
        await untilDone(() => buffer.open())
        await buffer.close()
      }
    },
    TIMEOUT_MS,
  )

  it(
    'moves a cursor once, however often the commit is sent',
    async () => {
      const buffer = await opened()
      await buffer.append(eventsOf(10))
      const { consumer, lease, events } = await drained(buffer)
      for (const [index, bytes] of [40, 120, 1].entries()) {
        const cut = proxy.cutAfter(index < 2 ? 'there' : 'back', bytes)
        await untilDone(() => consumer.commit(lease, { done: [events[index]!.position] }))
        await cut
      }
      expect(await consumer.load(lease)).toEqual({ lowWater: events[2]!.position, done: [], retry: [] })
    },
    TIMEOUT_MS,
  )

  it(
    'commits what comes while an answer is on its way together',
    async () => {
      const buffer = await opened()
      const commits = async (): Promise<number> => {
        const [row] = await direct.query(`select count(distinct stored_at)::int as batches from holdfast.event
          where seq > 1 and buffer = (select max(buffer) from holdfast.event)`)
        return Number(row?.batches)
      }
      proxy.latencyMs = 100
      onTestFinished(() => {
        proxy.latencyMs = 0
      })
      const appends = (prefix: string): Promise<unknown>[] =>
        eventsOf(50, prefix).map((event) => buffer.append([event]))
      const early = appends('early_')
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      const late = appends('late_')
      expect(await Promise.all([...early, ...late])).toHaveLength(100)
      expect(await commits()).toBe(2)
    },
    TIMEOUT_MS,
  )

  it(
    'deletes what is more than one statement deletes',
    async () => {
      const buffer = await opened()
      await buffer.append(eventsOf(MANY))
      const { consumer, lease, events } = await drained(buffer)
      expect(events).toHaveLength(MANY + 1)
      await consumer.commit(lease, { done: events.map(({ position }) => position) })
      const trims = await direct.query(`
        select n, holdfast.trim((select max(buffer) from holdfast.event), 0, 0, 1000) as deleted from generate_series(1, 4) n`)
      expect(trims.map(({ deleted }) => deleted)).toEqual([1_000, 1_000, MANY + 1 - 2_000, 0])
      expect(await buffer.stats()).toMatchObject({ events: 0, bytes: 0 })
    },
    TIMEOUT_MS,
  )
})
