import { postgresIdempotencyStore, type PostgresLike, postgresStateStore } from '@holdfast/adapters/postgres'
import type { StateStoreHarness } from '@holdfast/core/testing'
import type { IdempotencyHarness } from '@holdfast/webhook-receiver/testing'
import type { Connected } from './postgres-service.ts'

let schemas = 0

/** A schema for one test. */
export function freshSchema(): string {
  schemas += 1
  return `test_${schemas}`
}

/** Connections of a test file that are made later, each used in its turn. */
export interface Connections {
  all: readonly Connected[]
  next(): PostgresLike
  query(text: string): ReturnType<Connected['query']>
  close(): Promise<void>
}

export function createConnections(): Connections {
  let used = 0
  const connections: Connections = {
    all: [],
    next: () => (connections.all[used++ % connections.all.length] as Connected).client,
    query: (text) => (connections.all[0] as Connected).query(text),
    async close() {
      await Promise.all(connections.all.map(({ close }) => close()))
    },
  }
  return connections
}

// Making tables is slow, so cases take over those of others.
function createSchemas({ query }: Connections): { take(): string; giveBack(schema: string): Promise<void> } {
  const free: string[] = []
  return {
    take: () => free.pop() ?? freshSchema(),
    async giveBack(schema) {
      for (const table of ['state', 'lease', 'effect']) await query(`delete from ${schema}.${table}`)
      free.push(schema)
    },
  }
}

/** State stores in real time. */
export function stateHarness(connections: Connections): StateStoreHarness {
  const schemaPool = createSchemas(connections)
  return {
    async create() {
      const schema = schemaPool.take()
      const open = () => postgresStateStore(connections.next(), { schema })
      return { store: open(), another: async () => open(), dispose: () => schemaPool.giveBack(schema) }
    },
  }
}

/** Idempotency stores in which everything becomes older: the server has a clock that nobody can set. */
export function idempotencyHarness(connections: Connections): IdempotencyHarness {
  const schemaPool = createSchemas(connections)
  return {
    async create() {
      const schema = schemaPool.take()
      const open = () => postgresIdempotencyStore(connections.next(), { schema })
      return {
        store: open(),
        another: async () => open(),
        reopen: async () => open(),
        advance: async (ms) => {
          await connections.query(`update ${schema}.effect set ends_at = ends_at - ${ms} * interval '1 millisecond'`)
        },
        dispose: () => schemaPool.giveBack(schema),
      }
    },
  }
}
