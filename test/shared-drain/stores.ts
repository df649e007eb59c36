import { postgresBuffer } from '@holdfast/adapters/postgres'
import { redisBuffer } from '@holdfast/adapters/redis'
import type { EventBuffer } from '@holdfast/webhook-receiver'
import { clients as postgresClients, startPostgres } from '../state/postgres-service.ts'
import { clients as redisClients, startRedis } from '../state/redis-service.ts'
import { type CursorWatch, watchPostgresCursors } from './cursor-watch.ts'
import { watchRedisCursors } from './redis-cursor-watch.ts'

/** A server that can be killed. */
export interface Server {
  readonly port: number
  kill(): Promise<void>
  /** Starts it again on the same port, with what it has on the disk. */
  start(): Promise<void>
  /** Kills it and removes its files. */
  dispose(): Promise<void>
}

/** A buffer on a server, as an application has it. */
export interface OpenStore {
  readonly buffer: EventBuffer
  /** Runs a statement, where the server has a language of statements. */
  query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  close(): Promise<void>
}

/** An engine that several processes can share a buffer on. */
export interface Store {
  /** Names of clients, one for each process. */
  readonly clients: readonly string[]
  /** Starts a server that syncs what it acknowledges. */
  serve(): Promise<Server>
  connect(port: number, client: string): Promise<OpenStore>
  /** Begins to see who moves cursors. The buffer has been opened. */
  watch(port: number, opened: OpenStore): Promise<CursorWatch>
}

const redis: Store = {
  clients: Object.keys(redisClients),
  serve: () => startRedis({ durable: true }),
  async connect(port, name) {
    const { client, close } = await clientOf(redisClients, name)(port)
    return {
      buffer: redisBuffer(client, { name: 'inbox' }),
      query: () => Promise.reject(new Error('Redis takes no statements')),
      close: async () => close(),
    }
  },
  watch: watchRedisCursors,
}

const postgres: Store = {
  clients: [...Object.keys(postgresClients), 'pg'],
  serve: () => startPostgres({ durable: true }),
  async connect(port, name) {
    const { client, query, close } = await clientOf(postgresClients, name)(port)
    return { buffer: postgresBuffer(client, { name: 'inbox' }), query, close }
  },
  watch: (_port, opened) => watchPostgresCursors(opened),
}

/** The engines, by the names that the command line takes. */
export const stores = { redis, postgres } as const

/** The name of an engine. */
export type StoreName = keyof typeof stores

function clientOf<Connect>(clients: Readonly<Record<string, Connect>>, name: string): Connect {
  const connect = clients[name]
  if (connect === undefined) throw new Error(`no client ${name}`)
  return connect
}
