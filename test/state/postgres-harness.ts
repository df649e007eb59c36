import {
  postgresBuffer,
  type PostgresBufferOptions,
  postgresIdempotencyStore,
  type PostgresLike,
  postgresStateStore,
} from '@holdfast/adapters/postgres'
import type { Clock } from '@holdfast/core'
import { fakeClock, type StateStoreHarness } from '@holdfast/core/testing'
import type { BufferHarness, IdempotencyHarness } from '@holdfast/webhook-receiver/testing'
import { startProxy } from './loopback-proxy.ts'
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

let buffers = 0

/** A buffer's name for one test. */
export function freshName(): string {
  buffers += 1
  return `inbox ${buffers}`
}

/** What buffers of one schema are made with. */
function optionsOf(name: string, clock: Clock): PostgresBufferOptions {
  // The clock leaps while the server is being asked.
  return { name, clock, timeoutMs: 1e9, retention: { minAgeMs: 3_600_000 } }
}

/** Buffers of one schema. Their waits go by a clock of their own; what is stored becomes older with it. */
export function bufferHarness(connections: Connections, extra: Partial<PostgresBufferOptions> = {}): BufferHarness {
  return {
    async create() {
      const name = freshName()
      const clock = fakeClock()
      const make = () => postgresBuffer(connections.next(), { ...optionsOf(name, clock), ...extra })
      let buffer = make()
      return {
        buffer,
        async reopen() {
          await buffer.close()
          buffer = make()
          await buffer.open()
          return buffer
        },
        async advance(ms) {
          await letTimePass(connections, name, ms)
          await clock.advance(ms)
        },
        dispose: () => buffer.close(),
      }
    },
  }
}

/**
 * Buffers that each have connections of their own to what listens on `port()`, which are cut when their process dies. `connections` has others to the
 * same server.
 */
export function mortalBufferHarness(
  connections: Connections,
  connect: (port: number, max: number) => Promise<Connected>,
  port: () => number,
  extra: Partial<PostgresBufferOptions> = {},
): BufferHarness {
  return {
    async create() {
      const name = freshName()
      const clock = fakeClock()
      const make = async () => {
        const proxy = await startProxy(port())
        const connected = await connect(proxy.port, 2)
        return { proxy, connected, buffer: postgresBuffer(connected.client, { ...optionsOf(name, clock), ...extra }) }
      }
      const made = [await make()]
      const openNext = async () => {
        const next = await make()
        made.push(next)
        await next.buffer.open()
        return next.buffer
      }
      return {
        buffer: made[0]!.buffer,
        async reopen() {
          await made.at(-1)!.buffer.close()
          return openNext()
        },
        async crash() {
          await made.at(-1)!.proxy.close()
          return openNext()
        },
        async advance(ms) {
          await letTimePass(connections, name, ms)
          await clock.advance(ms)
        },
        async dispose() {
          await made.at(-1)!.buffer.close()
          await Promise.all(made.map(({ connected }) => connected.close()))
          await made.at(-1)!.proxy.close()
        },
      }
    },
  }
}

/** Makes everything in a buffer as old as if `ms` had passed. */
async function letTimePass({ query }: Connections, name: string, ms: number): Promise<void> {
  const earlier = (column: string): string => `${column} = ${column} - ${ms} * interval '1 millisecond'`
  const buffer = `(select id from holdfast.buffer where name = '${name}')`
  const consumers = `(select id from holdfast.consumer where buffer = ${buffer})`
  await query(`update holdfast.dedupe set ${earlier('seen_at')} where buffer = ${buffer}`)
  await query(`update holdfast.event set ${earlier('stored_at')} where buffer = ${buffer}`)
  await query(`update holdfast.cursor set ${earlier('ends_at')} where consumer in ${consumers}`)
  await query(`update holdfast.attendant set ${earlier('ends_at')} where consumer in ${consumers}`)
}
