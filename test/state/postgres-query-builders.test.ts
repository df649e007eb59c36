import github from '@holdfast/adapters/connectors/github'
import { postgresBuffer, type SqlClient } from '@holdfast/adapters/postgres'
import { createReceiver, type DeliveryContext, type NewEvent } from '@holdfast/webhook-receiver'
import { bufferConformance } from '@holdfast/webhook-receiver/testing'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { type Knex, knex } from 'knex'
import { CompiledQuery, Kysely, PostgresDialect, type Transaction } from 'kysely'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { bufferHarness, createConnections, freshName } from './postgres-harness.ts'
import { account, clients, type PostgresService, startPostgres } from './postgres-service.ts'
import { drizzleClient, type DrizzleTransaction } from './query-builders/drizzle-client.ts'
import { knexClient } from './query-builders/knex-client.ts'
import { kyselyClient } from './query-builders/kysely-client.ts'
import { expectTransactions } from './transaction-case.ts'

interface Booking {
  readonly event: string
  readonly amount: number
}

/** A client of a library, and how a handler writes with its transactions. */
interface QueryBuilder<OfLibrary> {
  readonly client: SqlClient<OfLibrary>
  readonly book: (transaction: OfLibrary, booking: Booking) => PromiseLike<unknown>
  readonly run: (transaction: OfLibrary, statement: string) => PromiseLike<unknown>
  readonly close: () => Promise<void>
}

const EVENTS = 20
const ledger = pgTable('ledger', { event: text().notNull(), amount: integer().notNull() })

const builders = {
  Drizzle(port: number): QueryBuilder<DrizzleTransaction> {
    const pool = new Pool({ ...account, port })
    return {
      client: drizzleClient(drizzle({ client: pool })),
      book: (tx, booking) => tx.insert(ledger).values(booking),
      run: (tx, statement) => tx.execute(sql.raw(statement)),
      close: () => pool.end(),
    }
  },
  Kysely(port: number): QueryBuilder<Transaction<{ ledger: Booking }>> {
    const db = new Kysely<{ ledger: Booking }>({
      dialect: new PostgresDialect({ pool: new Pool({ ...account, port }) }),
    })
    return {
      client: kyselyClient(db),
      book: (trx, booking) => trx.insertInto('ledger').values(booking).execute(),
      run: (trx, statement) => trx.executeQuery(CompiledQuery.raw(statement)),
      close: () => db.destroy(),
    }
  },
  Knex(port: number): QueryBuilder<Knex.Transaction> {
    const db = knex({ client: 'pg', connection: { ...account, port } })
    return {
      client: knexClient(db),
      book: (trx, booking) => trx('ledger').insert(booking),
      run: (trx, statement) => trx.raw(statement),
      close: () => db.destroy(),
    }
  },
}

function paymentOf(number: number): NewEvent {
  const body = new TextEncoder().encode(JSON.stringify({ amount: number }))
  return { id: `evt_${number}`, source: 'bank', receivedAt: 0, method: 'POST', url: '/', headers: [], body }
}

describe.runIf(hasService('PostgreSQL', 'initdb', 'postgres'))('postgresBuffer on what a query builder runs', () => {
  let service: PostgresService
  const connections = createConnections()
  beforeAll(async () => {
    service = await startPostgres()
    connections.all = [await clients.pg!(service.port)]
  }, 60_000)
  afterAll(async () => {
    await connections.close()
    await service.dispose()
  })

  /** Drains events of which each fails once after it was booked; shows that each is booked once. */
  const expectBookings = async <OfLibrary>({ client, book }: QueryBuilder<OfLibrary>): Promise<void> => {
    await connections.query('create table ledger (event text not null, amount int not null)')
    onTestFinished(() => connections.query('drop table ledger').then(() => {}))
    const buffer = postgresBuffer(client, { name: freshName(), partitions: 2 })
    const failed = new Set<string>()
    const receiver = createReceiver({
      buffer,
      sources: { bank: { connector: github, secrets: ['unused'], partitionKey: () => undefined } },
      destinations: {
        books: {
          baseDelayMs: 1,
          maxDelayMs: 1,
          concurrency: 4,
          handle: (event, { transaction }: DeliveryContext) =>
            transaction(async (ofLibrary: OfLibrary) => {
              await book(ofLibrary, { event: event.id, amount: (event.json() as Booking).amount })
              if (failed.has(event.id)) return
              failed.add(event.id)
              throw new Error('after it was booked')
            }),
        },
      },
    })
    await receiver.start()
    onTestFinished(() => receiver.stop())
    await buffer.append(Array.from({ length: EVENTS }, (_, number) => paymentOf(number)))
    await receiver.drained()
    expect(failed.size).toBe(EVENTS)
    const booked = await connections.query('select event, amount from ledger order by amount')
    expect(booked).toEqual(Array.from({ length: EVENTS }, (_, number) => ({ event: `evt_${number}`, amount: number })))
    expect((await buffer.stats()).consumers).toMatchObject([{ name: 'books', backlog: 0, deadLetters: 0 }])
  }

  describe.each(Object.keys(builders) as (keyof typeof builders)[])('%s', (name) => {
    let builder: QueryBuilder<never>
    beforeAll(() => {
      // Each is given back its own transactions only.
      builder = builders[name](service.port) as unknown as QueryBuilder<never>
    })
    afterAll(() => builder.close())

    // The one that makes statements of its own out of ours, and errors of its own out of those of the server.
    if (name === 'Drizzle') {
      const harness = bufferHarness({
        ...connections,
        query: (statement) => connections.query(statement),
        next: () => builder.client,
      })
      for (const { title, run } of bufferConformance) test.concurrent(title, () => run(harness), 120_000)
    }

    test('what is written in its transaction commits with the ack, once, or not at all', async () => {
      await expectTransactions(connections, builder.client, builder.run)
    }, 60_000)

    test('a handler that fails after it wrote with it has written nothing, and writes once in the end', async () => {
      await expectBookings(builder)
    }, 60_000)
  })
})
