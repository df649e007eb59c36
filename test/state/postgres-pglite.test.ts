import type { Transaction } from '@electric-sql/pglite'
import { postgresMigrations, postgresStateStore } from '@holdfast/adapters/postgres'
import { stateStoreConformance } from '@holdfast/core/testing'
import { bufferConformance, idempotencyStoreConformance } from '@holdfast/webhook-receiver/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bufferHarness, createConnections, freshSchema, idempotencyHarness, stateHarness } from './postgres-harness.ts'
import { openPglite } from './postgres-service.ts'
import { expectTransactions } from './transaction-case.ts'

// One database for everything, in this process and on one connection: it takes seconds to begin, and large bodies keep all others waiting.
describe('on PGlite', () => {
  const connections = createConnections()
  beforeAll(async () => {
    connections.all = [await openPglite()]
  }, 60_000)
  afterAll(() => connections.close())

  describe('postgresStateStore', () => {
    const harness = stateHarness(connections)
    for (const { title, run } of stateStoreConformance) test.concurrent(title, () => run(harness), 120_000)
  })

  describe('postgresIdempotencyStore', () => {
    const harness = idempotencyHarness(connections)
    for (const { title, run } of idempotencyStoreConformance) test.concurrent(title, () => run(harness), 120_000)
  })

  describe('postgresBuffer', () => {
    const harness = bufferHarness(connections, { durability: 'memory', partitions: 2 })
    for (const { title, run } of bufferConformance) test.concurrent(title, () => run(harness), 120_000)

    test('what is written in a transaction commits with the ack, once, or not at all', async () => {
      await expectTransactions(connections, connections.next(), (transaction: Transaction, text) =>
        transaction.query(text),
      )
    })
  })

  test('postgresMigrations can be run by hand, and again', async () => {
    const schema = freshSchema()
    const sql = postgresMigrations({ schema })
    for (let times = 0; times < 2; times++) await connections.query(sql)
    const store = postgresStateStore(connections.next(), { schema, migrate: false })
    expect((await store.get('key')).entry).toBeUndefined()
  })
})
