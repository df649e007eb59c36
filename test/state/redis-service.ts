import type { ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { RedisLike } from '@holdfast/adapters/redis'
import { findProgram, freePort, startService, stopService } from '../clients/service-process.ts'

/** A server of its own that keeps everything in memory and can be killed. */
export interface RedisService {
  readonly port: number
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  start(): Promise<void>
}

export async function startRedis(): Promise<RedisService> {
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()]
  const open = (): Promise<ChildProcess> =>
    startService(findProgram('redis-server') ?? '', args, /Ready to accept connections/)
  let server = await open()
  return {
    port,
    kill: () => stopService(server, 'SIGKILL'),
    start: async () => {
      server = await open()
    },
  }
}

/** A client as an application has it, and what closes it. */
export interface Connected {
  readonly client: RedisLike
  readonly close: () => void
}

/** Connects with each of the clients, with their own defaults for reconnecting. */
export const clients: Readonly<Record<string, (port: number) => Promise<Connected>>> = {
  ioredis: async (port) => {
    const client = new Redis({ port, lazyConnect: true })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.disconnect() }
  },
  'node-redis': async (port) => {
    const client = createClient({ socket: { port } })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.destroy() }
  },
}
