import {
  postgresBuffer,
  type PostgresBufferOptions,
  type PostgresLike,
  type SqlClient,
  type SqlRow,
} from '@holdfast/adapters/postgres'
import { fakeClock } from '@holdfast/core/testing'
import type { EventBuffer, NewEvent, Position } from '@holdfast/webhook-receiver'
import { Client, Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { freshName } from './postgres-harness.ts'
import { account, clients, type Connected, type PostgresService, startPostgres } from './postgres-service.ts'

function eventOf(id: string, fields: Partial<NewEvent> = {}): NewEvent {
  const body = new TextEncoder().encode('{}')
  return { id, source: 'shop', key: 'one', receivedAt: 0, method: 'POST', url: '/', headers: [], body, ...fields }
}

const idsIn = async (buffer: EventBuffer, partition: number): Promise<(string | undefined)[]> => {
  const entries = await buffer.read(partition, null, { limit: 100, maxBytes: 1_000_000 })
  return entries.map((entry) => (entry.kind === 'event' ? entry.event.id : undefined))
}

/** A client that says what the server has answered; the answer is lost where that throws. */
function watched(pool: Pool, onAnswer: (text: string) => void): SqlClient<never> {
  return {
    async query(text, values) {
      const { rows } = await pool.query<SqlRow>(text, [...values])
      onAnswer(text)
      return rows
    },
    transaction: () => Promise.reject(new Error('not here')),
  }
}

const isRead = (text: string): boolean => text.startsWith('select') && text.includes('.read_held(')

describe.runIf(hasService('PostgreSQL', 'initdb', 'postgres'))('postgresBuffer and its server', () => {
  let service: PostgresService
  let connected: Connected
  beforeAll(async () => {
    service = await startPostgres({ durable: true, settings: { max_connections: '20' } })
    connected = await clients.pg!(service.port, 5)
  }, 60_000)
  afterAll(async () => {
    await connected.close()
    await service.dispose()
  })

  const open = async (
    options: Partial<PostgresBufferOptions> = {},
    client: PostgresLike = connected.client,
  ): Promise<EventBuffer> => {
    const buffer = postgresBuffer(client, { name: freshName(), partitions: 2, ...options })
    await buffer.open()
    onTestFinished(() => buffer.close().catch(() => {}))
    return buffer
  }

  it('says what a commit means on the server', async () => {
    expect((await open()).caps.durability).toBe('fsync')
    expect((await open({ durability: 'os' })).caps.durability).toBe('os')
  })

  it('says what to run where the migrations were not run', async () => {
    await expect(open({ schema: 'nowhere', migrate: false })).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringContaining('run what `postgresMigrations()` prints'),
    })
  })

  it('says which rights are needed where the role has none', async () => {
    await connected.query('create role stranger login')
    onTestFinished(() => connected.query('drop role stranger').then(() => {}))
    const pool = new Pool({ ...account, port: service.port, user: 'stranger', max: 1 })
    onTestFinished(() => pool.end())
    await expect(open({ schema: 'mine' }, pool)).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringContaining('`create` on the database'),
    })
  })

  it('refuses another number of partitions than the buffer has', async () => {
    const name = freshName()
    await open({ name })
    await expect(open({ name, partitions: 3 })).rejects.toMatchObject({ reason: 'buffer_unusable' })
  })

  it('deletes what every consumer is through with, once it is old enough, and no more', async () => {
    const name = freshName()
    const clock = fakeClock()
    const buffer = await open({ name, clock })
    const [first] = await buffer.append(['a', 'b', 'c', 'd'].map((id) => eventOf(id)))
    const [quick, slow] = [await buffer.openConsumer('quick'), await buffer.openConsumer('slow')]
    const ends = [4, 2]
    for (const consumer of [quick, slow]) {
      const leases = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
      const lease = leases.find(({ partition }) => partition === first!.partition)!
      const entries = await consumer.read(lease, null, { limit: 10, maxBytes: 1_000, waitMs: 0 })
      const positions = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event.position] : []))
      await consumer.commit(lease, { done: positions.slice(0, ends.shift()) })
    }
    const untilSwept = async (): Promise<void> => {
      await connected.query(`update holdfast.buffer set swept_at = '-infinity' where name = '${name}'`)
      await clock.advance(60_000)
      for (let swept = false; !swept; ) {
        const [row] = await connected.query(`select swept_at from holdfast.buffer where name = '${name}'`)
        swept = row?.swept_at instanceof Date
      }
    }
    await untilSwept()
    await expect.poll(() => idsIn(buffer, first!.partition)).toEqual(['c', 'd'])
    expect((await buffer.stats()).events).toBe(2)
    // Who comes later begins with what is left, and its cursor knows that there was something before.
    const late = await buffer.openConsumer('late')
    const leases = await late.acquire({ owner: 'tester', leaseMs: 60_000 })
    const { lowWater } = await late.load(leases.find(({ partition }) => partition === first!.partition)!)
    expect(lowWater).not.toBeNull()
    expect((await buffer.append([eventOf('a')]))[0]?.status).toBe('duplicate')
  })

  it('parks and buries under keys that are cut in the middle of a character, and nothing at all', async () => {
    const buffer = await open()
    const [first] = await buffer.append([eventOf('a \ud83d'), eventOf('b')])
    const consumer = await buffer.openConsumer('orders')
    const leases = await consumer.acquire({ owner: 'half \ud83d', leaseMs: 60_000 })
    const lease = leases.find(({ partition }) => partition === first!.partition)!
    const entries = await consumer.read(lease, null, { limit: 10, maxBytes: 1_000, waitMs: 0 })
    const [a, b] = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
    const lanes = ['cut \ud83d', '\udc00\\ud83d\\0\0 whole 😀']
    const why = { attempts: 1, at: 1, message: 'it said \ud83d' }
    await consumer.park(lease, [{ event: a!, lane: lanes[0]!, redrives: 0, attempts: 1, nextAt: 0, blocked: why }])
    await consumer.deadLetter(lease, [{ event: b!, lane: lanes[1]!, redrives: 0, why }])
    expect(await consumer.parkedLanes(lease)).toMatchObject([{ lane: lanes[0], head: { blocked: why } }])
    expect(await consumer.readParked(lease, lanes[0]!, { limit: 1, maxBytes: 1 })).toMatchObject([
      { parked: { event: { id: 'a \ud83d' } } },
    ])
    expect(await consumer.deadLanes(lease)).toEqual([lanes[1]])
    await consumer.park(lease, [])
    await consumer.deadLetter(lease, [])
  })

  it('wakes drains of other processes at once where there is a connection to listen on, also after another buffer there was closed', async () => {
    const name = freshName()
    const listener = new Client({ ...account, port: service.port })
    await listener.connect()
    onTestFinished(() => listener.end())
    // Its clock stands still, so that it never looks by itself.
    const drained = await open({ name, listener, clock: fakeClock() })
    await (await open({ listener })).close()
    const [first] = await drained.append([eventOf('first')])
    const consumer = await drained.openConsumer('orders')
    const leases = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    const lease = leases.find(({ partition }) => partition === first!.partition)!
    const waiting = consumer.read(lease, first!.position, { limit: 10, maxBytes: 1_000, waitMs: 60_000 })
    const other = await open({ name, notify: true })
    await other.append([eventOf('second')])
    expect(await waiting).toMatchObject([{ kind: 'event', event: { id: 'second' } }])
  })

  it('tells of as many partitions as a batch can have, however high their numbers are', async () => {
    const name = freshName()
    const buffer = await open({ name, partitions: 1_024, notify: true })
    await connected.query(
      `update holdfast.part set first_seq = 1e15, next_seq = 1e15 where buffer = (select id from holdfast.buffer where name = '${name}')`,
    )
    const stored = await buffer.append(Array.from({ length: 3_000 }, (_, n) => eventOf(`evt_${n}`, { key: `${n}` })))
    expect(new Set(stored.map(({ partition }) => partition)).size).toBeGreaterThan(900)
  })

  it.each([
    ['a Pool of pg', async () => new Pool({ ...account, port: service.port, max: 2 })],
    ['postgres.js', async () => postgres({ ...account, port: service.port, max: 2, onnotice: () => {} })],
  ])('listens again when the connection of %s is lost', async (_, connect) => {
    const name = freshName()
    const listener = await connect()
    onTestFinished(async () => listener.end())
    if (listener instanceof Pool) listener.on('error', () => {})
    // Its clock stands still, so that it never looks by itself.
    const drained = await open({ name, listener, clock: fakeClock() })
    const [first] = await drained.append([eventOf('first')])
    const consumer = await drained.openConsumer('orders')
    const leases = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    const lease = leases.find(({ partition }) => partition === first!.partition)!
    const listening = async (): Promise<unknown[]> =>
      (await connected.query(`select pid from pg_stat_activity where query ilike 'listen %'`)).map(({ pid }) => pid)
    const [pid, another] = await listening()
    expect(another).toBeUndefined()
    // What was stored while nobody listened is found, too.
    const missing = consumer.read(lease, first!.position, { limit: 10, maxBytes: 1_000, waitMs: 60_000 })
    await connected.query(`select pg_terminate_backend(${String(pid)})`)
    expect(await missing).toEqual([])
    await expect.poll(async () => (await listening()).filter((one) => one !== pid)).toHaveLength(1)
    const waiting = consumer.read(lease, first!.position, { limit: 10, maxBytes: 1_000, waitMs: 60_000 })
    const other = await open({ name, notify: true })
    await other.append([eventOf('second')])
    expect(await waiting).toMatchObject([{ kind: 'event', event: { id: 'second' } }])
  })

  it.each([
    ['nobody is told of it', false],
    ['everybody is told of it', true],
  ])('hands what it stores to its own reads without asking the server for it, also where %s', async (_, isTold) => {
    const pool = new Pool({ ...account, port: service.port, max: 2 })
    onTestFinished(() => pool.end())
    let reads = 0
    const client = watched(pool, (text) => {
      if (isRead(text)) reads++
    })
    // Its clock stands still, so that it never looks by itself.
    const clock = fakeClock()
    const buffer = await open({ partitions: 1, clock, ...(isTold ? { listener: pool } : {}) }, client)
    const consumer = await buffer.openConsumer('orders')
    const [lease] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    let after: Position | null = null
    for (let number = 0; number < 30; number++) {
      const options = { limit: 10, maxBytes: 1_000, waitMs: 60_000, lingerMs: 100 }
      const reading = consumer.read(lease!, after, options)
      const [stored] = await buffer.append([eventOf(`evt_${number}`)])
      expect(await reading).toMatchObject([{ event: { id: `evt_${number}`, position: stored!.position } }])
      after = stored!.position
    }
    // Whether more is about to come is known from the second on.
    expect(reads).toBeLessThanOrEqual(2)
  })

  it('wakes its own reads for what was stored without an answer, when it is sent again', async () => {
    const pool = new Pool({ ...account, port: service.port, max: 2 })
    onTestFinished(() => pool.end())
    let hasRead = false
    let isLost = false
    const client = watched(pool, (text) => {
      hasRead ||= isRead(text)
      if (isLost && text.includes('.append(')) throw new Error('connection lost')
    })
    // Its clock stands still, so that it never looks by itself.
    const buffer = await open({ partitions: 1, clock: fakeClock() }, client)
    const consumer = await buffer.openConsumer('orders')
    const [lease] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    const reading = consumer.read(lease!, null, { limit: 10, maxBytes: 1_000, waitMs: 60_000 })
    await expect.poll(() => hasRead).toBe(true)
    isLost = true
    await expect(buffer.append([eventOf('evt')])).rejects.toMatchObject({ reason: 'buffer_failed' })
    isLost = false
    expect(await buffer.append([eventOf('evt')])).toMatchObject([{ status: 'duplicate' }])
    expect(await reading).toMatchObject([{ event: { id: 'evt' } }])
  })

  it('looks for what other processes stored where there is none', async () => {
    const name = freshName()
    const drained = await open({ name, pollMs: 5 })
    const consumer = await drained.openConsumer('orders')
    const leases = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    const waiting = leases.map((lease) => consumer.read(lease, null, { limit: 10, maxBytes: 1_000, waitMs: 60_000 }))
    await (await open({ name })).append([eventOf('evt')])
    expect(await Promise.race(waiting)).toMatchObject([{ kind: 'event', event: { id: 'evt' } }])
  })

  it('keeps what it acknowledged when the server is killed, also for a role without synchronous commits', async () => {
    await connected.query(`alter role ${account.user} set synchronous_commit = off`)
    const pool = new Pool({ ...account, port: service.port, max: 2 })
    pool.on('error', () => {})
    onTestFinished(() => pool.end())
    const buffer = await open({}, pool)
    const stored = await buffer.append(Array.from({ length: 50 }, (_, index) => eventOf(`evt_${index}`)))
    await service.kill()
    await expect(buffer.append([eventOf('late')])).rejects.toMatchObject({ reason: 'buffer_failed' })
    await service.start()
    await connected.query(`alter role ${account.user} reset synchronous_commit`)
    expect(await idsIn(buffer, stored[0]!.partition)).toEqual(stored.map((_, index) => `evt_${index}`))
  }, 20_000)

  // A drain goes on under its lease afterwards, and does not look again for what it was told is written.
  it.each([
    ['done', { backlog: 0, parked: 0, deadLetters: 0 }],
    ['parked', { backlog: 1, parked: 1, deadLetters: 0 }],
    ['dead', { backlog: 0, parked: 0, deadLetters: 1 }],
  ])(
    'keeps what is %s when the server is killed at once, also for a role without synchronous commits',
    async (what, kept) => {
      await connected.query(`alter role ${account.user} set synchronous_commit = off`)
      const pool = new Pool({ ...account, port: service.port, max: 2 })
      pool.on('error', () => {})
      onTestFinished(() => pool.end())
      const buffer = await open({}, pool)
      const [stored] = await buffer.append([eventOf('handled')])
      const consumer = await buffer.openConsumer('orders')
      const leases = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
      const lease = leases.find(({ partition }) => partition === stored!.partition)!
      const [entry] = await consumer.read(lease, null, { limit: 1, maxBytes: 1_000, waitMs: 0 })
      if (entry?.kind !== 'event') throw new Error('the event is not there')
      const { event } = entry
      const why = { attempts: 1, at: 1, message: 'refused' }
      if (what === 'done') await consumer.commit(lease, { done: [event.position] })
      else if (what === 'dead') await consumer.deadLetter(lease, [{ event, lane: 'k:one', redrives: 0, why }])
      else await consumer.park(lease, [{ event, lane: 'k:one', redrives: 0, attempts: 1, nextAt: 0 }])
      await service.kill()
      await service.start()
      await connected.query(`alter role ${account.user} reset synchronous_commit`)
      expect((await buffer.stats()).consumers).toEqual([{ name: 'orders', ...kept }])
      expect(await consumer.renew(lease, 60_000)).toBe(true)
    },
    20_000,
  )

  it('writes no more and closes while the server does not answer', async () => {
    const pool = new Pool({ ...account, port: service.port, max: 2 })
    onTestFinished(() => pool.end())
    let answers = true
    const client: SqlClient<never> = {
      query: async (text, values) =>
        answers ? (await pool.query<SqlRow>(text, [...values])).rows : new Promise<SqlRow[]>(() => {}),
      transaction: () => Promise.reject(new Error('not here')),
    }
    const buffer = await open({ timeoutMs: 100 }, client)
    const consumer = await buffer.openConsumer('orders')
    const [lease] = await consumer.acquire({ owner: 'me', leaseMs: 60_000 })
    answers = false
    await expect(consumer.commit(lease!, {})).rejects.toMatchObject({ reason: 'buffer_failed' })
    await expect(consumer.load(lease!)).rejects.toMatchObject({ reason: 'buffer_failed' })
    await buffer.close()
  })

  it('takes no more than may wait for the server, and goes on when it answers', async () => {
    const buffer = await open({ maxQueuedBytes: 10_000, maxBatchBytes: 4_096 })
    const locker = new Client({ ...account, port: service.port })
    await locker.connect()
    await locker.query('begin; lock holdfast.part')
    const body = new Uint8Array(3_000)
    const calls = Array.from({ length: 10 }, (_, index) => buffer.append([eventOf(`evt_${index}`, { body })]))
    const refused = await Promise.allSettled(calls.slice(3))
    expect(refused.map((call) => call.status === 'rejected' && call.reason.reason)).toEqual(
      Array.from({ length: 7 }, () => 'buffer_overloaded'),
    )
    await locker.end()
    expect((await Promise.all(calls.slice(0, 3))).flat()).toHaveLength(3)
    expect(await buffer.append([eventOf('later', { body })])).toMatchObject([{ status: 'appended' }])
  })

  it('refuses while the server has no connection left, and goes on when it has', async () => {
    const buffer = await open()
    const greedy = Array.from({ length: 30 }, () => new Client({ ...account, port: service.port }))
    for (const client of greedy) client.on('error', () => {})
    const fresh = new Pool({ ...account, port: service.port, max: 1 })
    fresh.on('error', () => {})
    onTestFinished(() => fresh.end())
    const late = postgresBuffer(fresh, { name: freshName() })
    await Promise.allSettled(greedy.map((client) => client.connect()))
    await expect(late.open()).rejects.toMatchObject({ cause: { code: '53300' } })
    // Who has connections is not affected.
    expect(await buffer.append([eventOf('evt')])).toMatchObject([{ status: 'appended' }])
    await Promise.allSettled(greedy.map((client) => client.end()))
    await expect
      .poll(
        () =>
          late.open().then(
            () => 'open',
            () => 'refused',
          ),
        { timeout: 5_000 },
      )
      .toBe('open')
    await late.close()
  })

  it('tries again what a deadlock or a serialization failure ended', async () => {
    await connected.query(`alter role ${account.user} set default_transaction_isolation = serializable`)
    onTestFinished(async () => {
      await connected.query(`alter role ${account.user} reset default_transaction_isolation`)
    })
    const pools = [0, 1, 2].map(() => new Pool({ ...account, port: service.port, max: 1 }))
    onTestFinished(async () => {
      await Promise.all(pools.map((pool) => pool.end()))
    })
    const name = freshName()
    const buffers = await Promise.all(pools.map((pool) => open({ name, partitions: 1 }, pool)))
    const appends = Array.from({ length: 5 }, (_, index) =>
      Promise.all(buffers.map((buffer, writer) => buffer.append([eventOf(`${writer} ${index}`), eventOf('same')]))),
    )
    const statuses = (await Promise.all(appends)).flat(2).map(({ status }) => status)
    expect(statuses.filter((status) => status === 'appended')).toHaveLength(16)
  })
})
