import { bufferConformance } from '@holdfast/webhook-receiver/testing'
import { Client, type PoolClient } from 'pg'
import type { TransactionSql } from 'postgres'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { startPgbouncer } from './pgbouncer-service.ts'
import { bufferHarness, createConnections } from './postgres-harness.ts'
import { account, clients, type PostgresService, startPostgres } from './postgres-service.ts'
import { expectTransactions } from './transaction-case.ts'

const hasBouncer = hasService('pgbouncer', 'pgbouncer')

describe.runIf(hasService('PostgreSQL', 'initdb', 'postgres'))('postgresBuffer on PostgreSQL', () => {
  let service: PostgresService
  let bouncer: Awaited<ReturnType<typeof startPgbouncer>> | undefined
  beforeAll(async () => {
    service = await startPostgres()
    if (hasBouncer) bouncer = await startPgbouncer(service.port)
  }, 60_000)
  afterAll(async () => {
    await bouncer?.dispose()
    await service.dispose()
  })

  const ways = {
    pg: { connect: clients.pg!, port: () => service.port },
    'postgres.js': { connect: clients['postgres.js']!, port: () => service.port },
    ...(hasBouncer && {
      'pg behind pgbouncer in transaction mode': { connect: clients.pg!, port: () => bouncer!.port },
    }),
  }
  describe.each(Object.entries(ways))('with %s', (_, { connect, port }) => {
    const connections = createConnections()
    beforeAll(async () => {
      connections.all = await Promise.all([0, 1].map(() => connect(port(), 8)))
    })
    afterAll(() => connections.close())

    const harness = bufferHarness(connections)
    for (const { title, run } of bufferConformance) test.concurrent(title, () => run(harness), 30_000)

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
