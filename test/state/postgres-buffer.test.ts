import { type PostgresBufferOptions, postgresMigrations, type SqlRow } from '@holdfast/adapters/postgres'
import { bufferConformance } from '@holdfast/webhook-receiver/testing'
import { Client, Pool, type PoolClient } from 'pg'
import type { TransactionSql } from 'postgres'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { startPgbouncer } from './pgbouncer-service.ts'
import { bufferHarness, createConnections, mortalBufferHarness } from './postgres-harness.ts'
import {
  account,
  clients,
  type Connected,
  connectPostgresJs,
  type PostgresService,
  startPostgres,
  testedWays,
} from './postgres-service.ts'
import { expectTransactions } from './transaction-case.ts'

/** What the documentation says that an application needs, and a place for the tables of this test. */
const APPLICATION = `
  create role application login;
  grant usage on schema holdfast to application;
  grant execute on all functions in schema holdfast to application;
  grant select, insert, update, delete on all tables in schema holdfast to application;
  grant create on schema public to application;
`

async function asApplication(port: number, max: number): Promise<Connected> {
  const pool = new Pool({ ...account, user: 'application', port, max })
  pool.on('error', () => {})
  return { client: pool, query: async (text) => (await pool.query<SqlRow>(text)).rows, close: () => pool.end() }
}

/** How a buffer is reached. */
interface Way {
  readonly connect: (port: number, max: number) => Promise<Connected>
  readonly port: () => number
  readonly options: Partial<PostgresBufferOptions>
  /** Cases that are run; without, all. */
  readonly cases?: typeof bufferConformance
}

const hasBouncer = hasService('pgbouncer', 'pgbouncer')

describe.runIf(hasService('PostgreSQL', 'initdb', 'postgres'))('postgresBuffer on PostgreSQL', () => {
  let service: PostgresService
  let bouncer: Awaited<ReturnType<typeof startPgbouncer>> | undefined
  beforeAll(async () => {
    service = await startPostgres()
    const owner = await clients.pg!(service.port, 1)
    await owner.query(postgresMigrations())
    await owner.query(APPLICATION)
    await owner.close()
    if (hasBouncer) bouncer = await startPgbouncer(service.port)
  }, 60_000)
  afterAll(async () => {
    await bouncer?.dispose()
    await service.dispose()
  })

  const ways: Readonly<Record<string, Way>> = {
    'pg, as a role that may create nothing': {
      connect: asApplication,
      port: () => service.port,
      options: { migrate: false },
    },
    'postgres.js, which renames columns': {
      connect: clients['postgres.js']!,
      port: () => service.port,
      options: {},
    },
    'postgres.js as it is': {
      connect: connectPostgresJs,
      port: () => service.port,
      options: {},
      // What is asked is the same, so that a part shows that the answers are understood under their own names, too.
      cases: bufferConformance.filter((_, index) => index % 4 === 0),
    },
    ...(hasBouncer && {
      'pg behind pgbouncer in transaction mode': { connect: clients.pg!, port: () => bouncer!.port, options: {} },
    }),
  }
  describe.each(testedWays(ways))('with %s', (_, { connect, port, options, cases = bufferConformance }) => {
    const connections = createConnections()
    beforeAll(async () => {
      connections.all = await Promise.all([0, 1].map(() => connect(port(), 8)))
    })
    afterAll(() => connections.close())

    const harness = bufferHarness(connections, options)
    const mortal = mortalBufferHarness(connections, connect, port, options)
    for (const { title, requires, run } of cases)
      test.concurrent(title, () => run(requires === 'crash' ? mortal : harness), 30_000)

    test('what is written in a transaction commits with the ack, once, or not at all', async () => {
      await expectTransactions(connections, connections.next(), insertWith)
    })
  })

  test('what is written in a transaction of a Client of pg commits with the ack, once, or not at all', async () => {
    const connections = createConnections()
    connections.all = [await clients.pg!(service.port, 1)]
    const client = new Client({ ...account, port: service.port })
    await client.connect()
    await expectTransactions(connections, client, insertWith)
    await client.end()
    await connections.close()
  })
})

/** Statements of pg and of postgres.js. */
function insertWith(transaction: PoolClient | TransactionSql, text: string): PromiseLike<unknown> {
  return 'unsafe' in transaction ? transaction.unsafe(text) : transaction.query(text)
}
