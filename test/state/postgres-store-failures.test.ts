import { type PostgresLike, postgresIdempotencyStore, postgresStateStore } from '@holdfast/adapters/postgres'
import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePort, hasService } from '../clients/service-process.ts'
import { account, type PostgresService, startPostgres } from './postgres-service.ts'

type Account = Partial<typeof account & { readonly password: string; readonly port: number }>

/** The clients, as the account that they are given. */
const clients: Readonly<Record<string, (settings: Account) => PostgresLike>> = {
  pg: (settings) => {
    const pool = new Pool(settings)
    pool.on('error', () => {})
    onTestFinished(() => pool.end())
    return pool
  },
  'postgres.js': (settings) => {
    const sql = postgres({ ...settings, onnotice: () => {} })
    onTestFinished(() => sql.end({ timeout: 1 }))
    return sql
  },
}

/** As whom the stores ask, and what they say of the answer. */
const refusals: Readonly<Record<string, readonly [Account, object]>> = {
  'the password is wrong': [
    { user: 'guarded', password: 'wrong' },
    { code: 'app_credentials_invalid', reason: 'password', delivery: 'not_sent', upstream: { code: '28P01' } },
  ],
  'there is no such role': [
    { user: 'nobody' },
    { code: 'app_credentials_invalid', reason: 'not_authorized', delivery: 'not_sent', upstream: { code: '28000' } },
  ],
  'there is no such database': [
    { database: 'nowhere' },
    { code: 'configuration_error', reason: 'database_missing', delivery: 'not_sent', upstream: { code: '3D000' } },
  ],
  'a right is missing': [
    { user: 'stranger' },
    { code: 'permission_denied', reason: 'privilege', delivery: 'answered', upstream: { code: '42501' } },
  ],
  'it only reads': [
    { user: 'reader' },
    { code: 'upstream_unavailable', reason: 'read_only', delivery: 'answered', upstream: { code: '25006' } },
  ],
  'it has too many connections': [
    { user: 'crowd' },
    { code: 'upstream_unavailable', reason: 'too_many_connections', delivery: 'not_sent', upstream: { code: '53300' } },
  ],
}

describe.runIf(hasService('PostgreSQL', 'initdb', 'postgres'))('stores on a PostgreSQL that refuses', () => {
  let service: PostgresService
  beforeAll(async () => {
    service = await startPostgres()
    const operator = new Pool({ ...account, port: service.port })
    operator.on('error', () => {})
    await postgresStateStore(operator).get('ready')
    await operator.query(`create role guarded login password 'right'`)
    await operator.query(`create role stranger login`)
    await operator.query(`create role reader login superuser`)
    await operator.query(`alter role reader set default_transaction_read_only = on`)
    await operator.query(`create role crowd login connection limit 0`)
    const { rows } = await operator.query<{ hba_file: string }>('show hba_file')
    const rules = `values ('host all guarded 127.0.0.1/32 scram-sha-256'), ('host all all 127.0.0.1/32 trust')`
    await operator.query(`copy (${rules}) to '${rows[0]!.hba_file}'`)
    await operator.end()
    // It reads the rules again.
    await service.kill()
    await service.start()
  }, 60_000)
  afterAll(() => service.dispose())

  /** A call of each store that writes. */
  const callsOn = (client: PostgresLike): readonly (() => Promise<unknown>)[] => {
    const [effects, state] = [postgresIdempotencyStore(client), postgresStateStore(client)]
    return [
      () => effects.begin('orders', 'evt', { owner: 'tester', leaseMs: 1_000, ttlMs: 1_000 }),
      () => state.acquire('job', 1_000),
    ]
  }

  describe.each(Object.entries(clients))('with %s', (name, connect) => {
    test.each(Object.entries(refusals))('say which it is when %s', async (_title, [settings, error]) => {
      for (const call of callsOn(connect({ ...account, port: service.port, ...settings })))
        await expect(call()).rejects.toMatchObject({ name: 'IntegrationError', ...error })
    })

    test('say that nobody is there', async () => {
      const error = { name: 'IntegrationError', code: 'connection_failed', reason: 'refused', delivery: 'not_sent' }
      for (const call of callsOn(connect({ ...account, port: await freePort() })))
        await expect(call()).rejects.toMatchObject(error)
    })

    test('say that the server ended the connection under a statement', async () => {
      const operator = new Pool({ ...account, port: service.port })
      onTestFinished(() => operator.end())
      const holder = await operator.connect()
      onTestFinished(() => holder.release(true))
      await holder.query('begin; lock table holdfast.lease')
      const ended = postgresStateStore(connect({ ...account, port: service.port })).acquire('job', 1_000)
      // postgres.js keeps to itself what the server said last.
      const described =
        name === 'pg'
          ? { code: 'upstream_unavailable', reason: 'shutdown' }
          : { code: 'connection_lost', reason: 'closed_early' }
      const error = { name: 'IntegrationError', delivery: 'unknown', ...described }
      const expectation = expect(ended).rejects.toMatchObject(error)
      const waiting = `select pg_terminate_backend(pid) from pg_locks where not granted`
      await expect.poll(async () => (await operator.query(waiting)).rowCount, { timeout: 10_000 }).toBe(1)
      await expectation
    })
  })
})
