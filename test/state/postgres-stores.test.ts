import {
  postgresIdempotencyStore,
  type PostgresLike,
  postgresMigrations,
  postgresStateStore,
  type SqlRow,
  type SqlValue,
} from '@holdfast/adapters/postgres'
import { InvalidOptionsError } from '@holdfast/core'
import { stateStoreConformance } from '@holdfast/core/testing'
import { idempotencyStoreConformance } from '@holdfast/webhook-receiver/testing'
import type { PGlite } from '@electric-sql/pglite'
import { Client, Pool } from 'pg'
import type { Sql } from 'postgres'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { startPgbouncer } from './pgbouncer-service.ts'
import { createConnections, freshSchema, idempotencyHarness, stateHarness } from './postgres-harness.ts'
import { account, clients, type PostgresService, startPostgres, testedWays } from './postgres-service.ts'

const options = { owner: 'tester', leaseMs: 60_000, ttlMs: 60_000 }
const isInstalled = hasService('PostgreSQL', 'initdb', 'postgres')
const hasBouncer = isInstalled && hasService('pgbouncer', 'pgbouncer')
let service: PostgresService | undefined
let bouncer: Awaited<ReturnType<typeof startPgbouncer>> | undefined

beforeAll(async () => {
  if (isInstalled) service = await startPostgres()
  if (hasBouncer) bouncer = await startPgbouncer(service!.port)
}, 60_000)
afterAll(async () => {
  await bouncer?.dispose()
  await service?.dispose()
})

const serverPort = () => service!.port
const ways = {
  pg: { connect: clients['pg']!, port: serverPort },
  'postgres.js': { connect: clients['postgres.js']!, port: serverPort },
  ...(hasBouncer && {
    'pg behind pgbouncer in transaction mode': { connect: clients['pg']!, port: () => bouncer!.port },
  }),
}

describe.runIf(isInstalled).each(testedWays(ways))('on PostgreSQL with %s', (_, { connect, port }) => {
  const connections = createConnections()
  beforeAll(async () => {
    connections.all = await Promise.all([0, 1].map(() => connect(port(), 4)))
  })
  afterAll(() => connections.close())

  describe('postgresStateStore', () => {
    const harness = stateHarness(connections)
    for (const { title, run } of stateStoreConformance) test.concurrent(title, () => run(harness), 20_000)

    test('rejects with the reason of a signal that aborts while it waits', async () => {
      const store = postgresStateStore(connections.next(), { schema: freshSchema() })
      const reason = new Error('enough')
      const controller = new AbortController()
      const waiting = store.get('key', controller.signal)
      controller.abort(reason)
      await expect(waiting).rejects.toBe(reason)
    })

    test('takes no version but its own', async () => {
      const store = postgresStateStore(connections.next(), { schema: freshSchema() })
      const answer = await store.compareAndSet('key', { expected: "'; drop table x", value: 'value', ttlMs: 1_000 })
      expect(answer).toMatchObject({ written: false, entry: undefined })
    })
  })

  describe('postgresIdempotencyStore', () => {
    const harness = idempotencyHarness(connections)
    for (const { title, run } of idempotencyStoreConformance) test.concurrent(title, () => run(harness), 20_000)

    test('removes what is over, and nothing else', async () => {
      const schema = freshSchema()
      const store = postgresIdempotencyStore(connections.next(), { schema })
      for (const id of ['old', 'ever', 'held']) {
        const beginning = await store.begin('orders', id, { ...options, ttlMs: id === 'ever' ? Infinity : 60_000 })
        if (beginning.state === 'new' && id !== 'held') await store.complete('orders', id, beginning.token)
      }
      await connections.query(`update ${schema}.effect set ends_at = ends_at - interval '2 days' where id = 'old'`)
      await connections.query(`select ${schema}.sweep_shared()`)
      const rows = await connections.query(`select id from ${schema}.effect order by id`)
      expect(rows.map(({ id }) => id)).toEqual(['ever', 'held'])
    })
  })

  describe('postgresMigrations', () => {
    const versionsOf = async (schema: string): Promise<unknown[]> =>
      (await connections.query(`select version from ${schema}.migration order by version`)).map(
        ({ version }) => version,
      )

    test('can be run by hand, again and by several at once', async () => {
      const schema = freshSchema()
      const sql = postgresMigrations({ schema })
      await Promise.all(Array.from({ length: 8 }, (_unused, index) => connections.all[index % 2]!.query(sql)))
      expect(await versionsOf(schema)).toEqual(
        Array.from({ length: (await versionsOf(schema)).length }, (__, i) => i + 1),
      )
      const store = postgresStateStore(connections.next(), { schema, migrate: false })
      expect((await store.get('key')).entry).toBeUndefined()
    })

    test('run by themselves once, however many begin at once', async () => {
      const schema = freshSchema()
      await Promise.all(Array.from({ length: 8 }, () => postgresStateStore(connections.next(), { schema }).get('key')))
      expect((await versionsOf(schema)).length).toBeGreaterThan(0)
    })

    test('go on from an older version, with what is there', async () => {
      const schema = freshSchema()
      const whole = postgresMigrations({ schema })
      const next = whole.indexOf(`if not exists (select from ${schema}.migration where version = 2)`)
      await connections.query(`${whole.slice(0, next)}end $holdfast$`)
      expect(await versionsOf(schema)).toEqual([1])
      await connections.query(`insert into ${schema}.lease values ('job', 7, 'infinity')`)
      const store = postgresStateStore(connections.next(), { schema })
      expect(await store.acquire('job', 1_000)).toBeUndefined()
      expect(await versionsOf(schema)).toContain(2)
    })

    test('do not run with `migrate: false`', async () => {
      const store = postgresStateStore(connections.next(), { schema: freshSchema(), migrate: false })
      await expect(store.get('key')).rejects.toMatchObject({ name: 'IntegrationError', upstream: { code: '42P01' } })
    })
  })
})

describe.runIf(isInstalled)('stores on one connection', () => {
  test('postgresStateStore works on a Client of pg', async () => {
    const connection = new Client({ ...account, port: service!.port })
    await connection.connect()
    const store = postgresStateStore(connection, { schema: freshSchema() })
    const leases = await Promise.all(Array.from({ length: 5 }, () => store.acquire('job', 60_000)))
    expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1)
    await connection.end()
  })

  test('postgresStateStore works on what runs queries for it', async () => {
    const pool = new Pool({ ...account, port: service!.port })
    const store = postgresStateStore(
      {
        query: async (text: string, values: readonly SqlValue[]) => (await pool.query<SqlRow>(text, [...values])).rows,
        transaction: () => Promise.reject(new Error('not needed')),
      },
      { schema: freshSchema() },
    )
    expect(await store.acquire('job', 60_000)).toMatchObject({ name: 'job' })
    await pool.end()
  })

  test('postgresIdempotencyStore keeps what is done when the server is killed, and gives greater tokens afterwards', async () => {
    const own = await startPostgres({ durable: true })
    const { client, close } = await clients.pg!(own.port)
    const store = postgresIdempotencyStore(client)
    const first = await store.begin('orders', 'done', options)
    const held = await store.begin('orders', 'held', options)
    expect(first.state === 'new' && (await store.complete('orders', 'done', first.token, Buffer.from('ü')))).toBe(true)
    await own.kill()
    await own.start()
    expect(await store.begin('orders', 'done', options)).toEqual({
      state: 'done',
      result: new TextEncoder().encode('ü'),
    })
    expect(held.state === 'new' && (await store.abandon('orders', 'held', held.token))).toBe(true)
    const again = await store.begin('orders', 'held', options)
    expect(again.state === 'new' && held.state === 'new' && again.token > held.token).toBe(true)
    await close()
    await own.dispose()
  }, 30_000)
})

test('the stores take the clients of the libraries', () => {
  expectTypeOf<Pool>().toExtend<PostgresLike>()
  expectTypeOf<Client>().toExtend<PostgresLike>()
  expectTypeOf<Sql>().toExtend<PostgresLike>()
  expectTypeOf<PGlite>().toExtend<PostgresLike>()
  expectTypeOf<string>().not.toExtend<PostgresLike>()
})

test('the stores refuse what is no client, no schema and no durability', () => {
  const client = { query: async () => [], transaction: () => Promise.reject(new Error('not needed')) }
  expect(() => postgresStateStore({} as PostgresLike)).toThrow('client')
  expect(() => postgresStateStore(client, { schema: 'Bad"Name' })).toThrow(InvalidOptionsError)
  expect(() => postgresStateStore(client, { schema: 'pg_own' })).toThrow('schema')
  expect(() => postgresMigrations({ schema: 'a; drop' })).toThrow('schema')
  expect(() => postgresIdempotencyStore(client, { durability: 'paper' as 'os' })).toThrow('durability')
})
