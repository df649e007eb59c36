import { type ChildProcess, execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toIntegrationError } from '@holdfast/adapters/pg'
import { Client, type ClientConfig, Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { canary, caught, expectNoCanary } from './client-cases.ts'
import { asAccount, findProgram, freePort, hasService, startService, stopService } from './service-process.ts'

let directory = ''
let service: ChildProcess
let port = 0

const config = (overrides: ClientConfig = {}): ClientConfig => ({
  host: '127.0.0.1',
  port,
  user: 'holdfast',
  password: canary,
  database: 'postgres',
  ...overrides,
})

async function connect(overrides: ClientConfig = {}): Promise<Client> {
  const client = new Client(config(overrides))
  // A connection that breaks while idle must not end the process.
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end().catch(() => {}))
  return client
}

const connecting = (overrides: ClientConfig): Promise<unknown> => {
  const client = new Client(config(overrides))
  client.on('error', () => {})
  return caught(client.connect())
}

function expectFacts(error: unknown, expected: object): void {
  const described = toIntegrationError(error)
  expect(described).toMatchObject({ ...expected, cause: error })
  expectNoCanary(described)
  expect(toIntegrationError(new Error('sync failed', { cause: error }))).toMatchObject(expected)
}

describe.runIf(hasService('PostgreSQL', 'initdb', 'postgres'))('toIntegrationError of what pg throws', () => {
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'holdfast-pg-'))
    const account = asAccount('postgres')
    const [data, passwordFile] = [join(directory, 'data'), join(directory, 'password')]
    chmodSync(directory, 0o755)
    writeFileSync(passwordFile, canary)
    if (account.uid !== undefined && account.gid !== undefined) chownSync(directory, account.uid, account.gid)
    const options = ['-U', 'holdfast', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync', '-D', data]
    execFileSync(programOf('initdb'), options, { ...account, stdio: 'pipe', cwd: directory })
    port = await freePort()
    const settings = {
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      deadlock_timeout: '50ms',
    }
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    service = await startService(programOf('postgres'), ['-D', data, ...args], /ready to accept connections/, {
      ...account,
      cwd: directory,
    })
    const client = new Client(config())
    await client.connect()
    await client.query(`
      create table parent (id int primary key, email text unique, n int not null check (n >= 0));
      create table child (parent_id int references parent);
      insert into parent values (1, '${canary}', 1), (2, 'b', 2);
      create role narrow login password '${canary}' connection limit 1;`)
    await client.end()
  }, 60_000)

  afterAll(async () => {
    if (service !== undefined) await stopService(service, 'SIGQUIT')
    rmSync(directory, { recursive: true, force: true })
  })

  it.each([
    [
      'a duplicate',
      `insert into parent values (3, '${canary}', 1)`,
      '23505',
      { code: 'conflict', reason: 'duplicate' },
    ],
    ['a missing reference', 'insert into child values (9)', '23503', { code: 'conflict', reason: 'reference' }],
    ['a missing value', `insert into parent values (3, '${canary}x')`, '23502', { code: 'invalid_request' }],
    ['a refused value', `insert into parent values (3, '${canary}x', -1)`, '23514', { code: 'invalid_request' }],
    ['a malformed value', `select '${canary}'::int`, '22P02', { code: 'invalid_request', reason: 'validation' }],
    ['a missing table', `select '${canary}' from nowhere`, '42P01', { code: 'invalid_request' }],
    ['a wrong statement', `selec '${canary}'`, '42601', { code: 'invalid_request', reason: 'statement' }],
    ['a statement that takes too long', `set statement_timeout = 50; select pg_sleep(9)`, '57014', { code: 'timeout' }],
    ['a write that is not allowed', `begin read only; delete from child`, '25006', { code: 'upstream_unavailable' }],
    ['an aborted transaction', `begin; select 1/0`, '22012', { code: 'invalid_request' }],
    ['what a function raises', `do $$ begin raise exception '${canary}'; end $$`, 'P0001', { code: 'invalid_request' }],
  ])('knows %s', async (_, statement, state, expected) => {
    const client = await connect()
    const error = await caught(client.query(statement))
    expect(error).toMatchObject({ code: state })
    expectFacts(error, { ...expected, delivery: 'answered', upstream: { code: state } })
  })

  it('knows a deadlock, after which the transaction can be repeated at once', async () => {
    const [first, second] = [await connect(), await connect()]
    await first.query('begin; update parent set n = 5 where id = 1')
    await second.query('begin; update parent set n = 5 where id = 2')
    const outcomes = await Promise.allSettled([
      first.query('update parent set n = 6 where id = 2'),
      second.query('update parent set n = 6 where id = 1'),
    ])
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(failed).toHaveLength(1)
    expectFacts(failed[0]?.reason, { code: 'conflict', reason: 'deadlock', retryable: 'now', delivery: 'answered' })
  })

  it('knows a transaction that cannot be serialized', async () => {
    const [first, second] = [await connect(), await connect()]
    await first.query('begin isolation level repeatable read; select * from parent')
    await second.query('update parent set n = n + 1 where id = 1')
    const error = await caught(first.query('update parent set n = n + 1 where id = 1'))
    expectFacts(error, { code: 'conflict', reason: 'serialization', retryable: 'now', delivery: 'answered' })
  })

  it('knows a lock that somebody else holds', async () => {
    const [first, second] = [await connect(), await connect()]
    await first.query('begin; lock table child')
    const error = await caught(second.query('begin; lock table child nowait'))
    expectFacts(error, { code: 'conflict', reason: 'locked', retryable: 'after', delivery: 'answered' })
  })

  it('knows that a person canceled the statement', async () => {
    const [client, other] = [await connect(), await connect()]
    const sleeping = caught(client.query('select pg_sleep(9)'))
    await other.query('select pg_cancel_backend($1)', [await pidOf(client, other)])
    expectFacts(await sleeping, { code: 'canceled', reason: 'abort', delivery: 'answered' })
  })

  it('does not know whether a statement was committed when an administrator ended the connection', async () => {
    const [client, other] = [await connect(), await connect()]
    const ended = new Promise<void>((resolve) => client.once('end', () => resolve()))
    const sleeping = caught(client.query('select pg_sleep(9)'))
    await other.query('select pg_terminate_backend($1)', [await pidOf(client, other)])
    expectFacts(await sleeping, { code: 'upstream_unavailable', reason: 'shutdown', delivery: 'unknown' })
    await ended
    const later = await caught(client.query('select 1'))
    expectFacts(later, { code: 'connection_failed', delivery: 'not_sent' })
  })

  it.each<readonly [string, ClientConfig, object]>([
    ['a wrong password', { password: `${canary}x` }, { code: 'app_credentials_invalid', reason: 'password' }],
    ['a missing password', { password: '' }, { code: 'configuration_error', reason: 'credentials_missing' }],
    ['a missing database', { database: 'nowhere' }, { code: 'configuration_error', reason: 'database_missing' }],
    ['a server without TLS', { ssl: true }, { code: 'tls_error', reason: 'protocol' }],
    ['a name that does not exist', { host: 'nothing.invalid' }, { code: 'dns_error' }],
  ])('knows %s, before anything was sent', async (_, overrides, expected) => {
    expectFacts(await connecting(overrides), { ...expected, delivery: 'not_sent' })
  })

  it('knows a port on which nobody listens', async () => {
    const error = await connecting({ port: await freePort() })
    expectFacts(error, { code: 'connection_failed', reason: 'refused', delivery: 'not_sent' })
  })

  it('knows that there are too many connections', async () => {
    await connect({ user: 'narrow' })
    const error = await connecting({ user: 'narrow' })
    expect(error).toMatchObject({ code: '53300' })
    expectFacts(error, { code: 'upstream_unavailable', reason: 'too_many_connections', delivery: 'not_sent' })
  })

  it('knows the time limits of the client', async () => {
    const client = await connect({ query_timeout: 50 })
    expectFacts(await caught(client.query('select pg_sleep(9)')), { code: 'timeout', delivery: 'unknown' })

    const silent = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    onTestFinished(() => void silent.close())
    const { port: silentPort } = silent.address() as AddressInfo
    const error = await connecting({ port: silentPort, connectionTimeoutMillis: 50 })
    expectFacts(error, { code: 'connection_failed', reason: 'connect_timeout', delivery: 'not_sent' })
  })

  it('knows a pool that has no connection left, and one that has ended', async () => {
    const pool = new Pool({ ...config(), max: 1, connectionTimeoutMillis: 500 })
    const taken = await pool.connect()
    expectFacts(await caught(pool.query('select 1')), {
      code: 'connection_failed',
      reason: 'connect_timeout',
      delivery: 'not_sent',
    })
    taken.release()
    await pool.end()
    expectFacts(await caught(pool.query('select 1')), { code: 'canceled', reason: 'shutdown', delivery: 'not_sent' })
  })

  it('does not know what became of statements when the server died', async () => {
    const [killed, bystander, other] = [await connect(), await connect(), await connect()]
    const sleeping = caught(killed.query('select pg_sleep(9)'))
    const beside = caught(bystander.query('select pg_sleep(9)'))
    process.kill(await pidOf(killed, other), 'SIGKILL')
    for (const error of [await sleeping, await beside])
      expectFacts(error, { code: 'connection_lost', delivery: 'unknown' })
  })

  it('returns an IntegrationError as it is, and describes what is none of its errors', () => {
    const described = toIntegrationError(Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' }))
    expect(described.code).toBe('connection_failed')
    expect(toIntegrationError(described)).toBe(described)
    for (const thrown of [undefined, null, 'text', 7, {}, new Error('?')])
      expect(toIntegrationError(thrown).code).toBe('unknown')
  })
})

/** The process of the server behind a client, once its statement is running. */
async function pidOf(client: Client, other: Client): Promise<number> {
  const { processID } = client as unknown as { readonly processID: number }
  for (;;) {
    const { rows } = await other.query<{ state: string }>(
      `select state from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`,
      [processID],
    )
    if (rows.length > 0) return processID
  }
}

function programOf(name: string): string {
  const program = findProgram(name)
  if (program === undefined) throw new Error(`${name} is not installed`)
  return program
}
