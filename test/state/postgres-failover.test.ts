import { postgresBuffer, type PostgresBufferOptions } from '@holdfast/adapters/postgres'
import { fakeClock } from '@holdfast/core/testing'
import type { Consumer, EventBuffer, Lease, NewEvent } from '@holdfast/webhook-receiver'
import { Pool } from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { type LoopbackProxy, startProxy } from './loopback-proxy.ts'
import { account, type PostgresService, startPostgres } from './postgres-service.ts'

const TIMEOUT_MS = 120_000
const LEASE_MS = 60_000

function eventOf(id: string): NewEvent {
  return { id, source: 'shop', receivedAt: 0, method: 'POST', url: '/', headers: [], body: new Uint8Array() }
}

/** A server, another one that follows it, and a way that leads to the first one until it fails over. */
interface Pair {
  readonly primary: PostgresService
  readonly standby: PostgresService
  readonly proxy: LoopbackProxy
  readonly pool: Pool
  readonly buffer: EventBuffer
  failOver(): Promise<void>
}

async function startPair(
  settings: Readonly<Record<string, string>>,
  options: Partial<PostgresBufferOptions> = {},
): Promise<Pair> {
  const primary = await startPostgres({ durable: true, settings })
  onTestFinished(() => primary.dispose())
  const standby = await startPostgres({ durable: true, follows: primary.port })
  onTestFinished(() => standby.dispose())
  const proxy = await startProxy(primary.port)
  onTestFinished(() => proxy.close())
  const pool = new Pool({ ...account, port: proxy.port, max: 4 })
  pool.on('error', () => {})
  onTestFinished(() => pool.end())
  const buffer = postgresBuffer(pool, { name: 'inbox', partitions: 1, ...options })
  return {
    primary,
    standby,
    proxy,
    pool,
    buffer,
    async failOver() {
      await primary.kill()
      await queryOn(standby, 'select pg_promote()')
      proxy.target = standby.port
      proxy.cut()
    },
  }
}

async function queryOn({ port }: PostgresService, text: string): Promise<readonly Record<string, unknown>[]> {
  const pool = new Pool({ ...account, port, max: 1 })
  try {
    return (await pool.query<Record<string, unknown>>(text)).rows
  } finally {
    await pool.end()
  }
}

/** Resolves when a standby has all that is written. */
async function untilFollowed(primary: PostgresService): Promise<void> {
  await expect
    .poll(() => queryOn(primary, 'select replay_lsn = pg_current_wal_lsn() as is_there from pg_stat_replication'), {
      timeout: 30_000,
    })
    .toEqual([{ is_there: true }])
}

async function leaseOf(consumer: Consumer, owner: string): Promise<Lease> {
  const [lease] = await consumer.acquire({ owner, leaseMs: LEASE_MS })
  expect(lease).toBeDefined()
  return lease as Lease
}

const hasBackup = hasService('A failover of PostgreSQL', 'initdb', 'postgres', 'pg_basebackup')

describe.runIf(hasBackup)('postgresBuffer after a failover', () => {
  it(
    'has all that was acknowledged where a standby is synchronous, as it says, and goes on without a restart',
    async () => {
      const { primary, buffer, failOver } = await startPair({ synchronous_standby_names: '*' })
      await expect
        .poll(() => queryOn(primary, 'select sync_state from pg_stat_replication'), { timeout: 30_000 })
        .toEqual([{ sync_state: 'sync' }])
      await buffer.open()
      expect(buffer.caps.durability).toBe('replicated')
      const acknowledged: string[] = []
      let isOver = false
      const sending = Promise.all(
        Array.from({ length: 8 }, async (_, sender) => {
          for (let sent = 0; !isOver; sent++) {
            const id = `${sender} ${sent}`
            await buffer.append([eventOf(id)]).then(
              () => acknowledged.push(id),
              () => {},
            )
          }
        }),
      )
      await expect.poll(() => acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(100)
      await failOver()
      const before = acknowledged.length
      await expect.poll(() => acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(before + 100)
      isOver = true
      await sending
      const entries = await buffer.read(0, null, { limit: 100_000, maxBytes: 1e9 })
      const stored = entries.map((entry) => (entry.kind === 'event' ? entry.event.id : 'a hole'))
      expect(new Set(stored).size).toBe(stored.length)
      expect(acknowledged.filter((id) => !stored.includes(id))).toEqual([])
      await buffer.close()
    },
    TIMEOUT_MS,
  )

  it(
    'refuses who had a partition before, so that no event is done which has the place of a lost one',
    async () => {
      const { primary, standby, buffer, failOver } = await startPair({})
      await buffer.open()
      const consumer = await buffer.openConsumer('orders')
      const before = await leaseOf(consumer, 'before')
      await untilFollowed(primary)
      // What happens from here on the standby does not hear of.
      await standby.kill()
      const [lost] = await buffer.append([eventOf('lost')])
      await primary.kill()
      await standby.start()
      await failOver()
      const [kept] = await buffer.append([eventOf('kept')])
      expect(kept?.position).toBe(lost?.position)

      await expect(consumer.commit(before, { done: [lost!.position] })).rejects.toMatchObject({ reason: 'stale_lease' })
      await expect(consumer.withTransaction!(before, { done: [lost!.position] }, async () => {})).rejects.toMatchObject(
        { reason: 'stale_lease' },
      )
      expect(await consumer.renew(before, LEASE_MS)).toBe(false)
      // It need not end first.
      const next = await leaseOf(consumer, 'next')
      expect(next.epoch).toBeGreaterThan(before.epoch)
      expect((await consumer.load(next)).lowWater).toBeNull()
      expect(await consumer.read(next, null, { limit: 10, maxBytes: 1_000, waitMs: 0 })).toMatchObject([
        { event: { id: 'kept' } },
      ])
      await consumer.commit(next, { done: [kept!.position] })
      await buffer.close()
    },
    TIMEOUT_MS,
  )

  it(
    'refuses who waits behind a lost event, instead of handing over what is stored in the place of the next',
    async () => {
      // The clock stands still, so that the read asks for nothing while it waits for what follows so soon.
      const { primary, standby, buffer, failOver } = await startPair({}, { clock: fakeClock() })
      await buffer.open()
      const consumer = await buffer.openConsumer('orders')
      const before = await leaseOf(consumer, 'before')
      await untilFollowed(primary)
      // What happens from here on the standby does not hear of.
      await standby.kill()
      await buffer.append([eventOf('handled')])
      const [lost] = await buffer.append([eventOf('lost')])
      const reading = consumer.read(before, lost!.position, {
        limit: 10,
        maxBytes: 1_000,
        waitMs: 60_000,
        lingerMs: 100,
      })
      const refused = expect(reading).rejects.toMatchObject({ reason: 'stale_lease' })
      await primary.kill()
      await standby.start()
      await failOver()
      await buffer.append([eventOf('first'), eventOf('second')])
      const [next] = await buffer.append([eventOf('third')])
      expect(next!.position > lost!.position).toBe(true)
      await refused
      await buffer.close()
    },
    TIMEOUT_MS,
  )
})
