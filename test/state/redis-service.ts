import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BinaryRedisLike } from '@holdfast/adapters/redis'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient } from 'redis'
import { agingScript } from './redis-aging.ts'
import { findProgram, freePort, startService, stopService } from '../clients/service-process.ts'

/** A server of its own that can be killed. */
export interface RedisService {
  readonly port: number
  readonly process: ChildProcess
  kill(): Promise<void>
  /** Starts it again on the same port, with what it has on the disk. */
  start(): Promise<void>
  /** Kills it and removes its files. */
  dispose(): Promise<void>
}

/** How a server is started. */
export interface RedisServiceOptions {
  /** Whether it syncs every write to a disk. Without, everything is in memory. */
  readonly durable?: boolean
  /** More arguments of its command line. */
  readonly args?: readonly string[]
  /** Where another one than the usual server is. */
  readonly program?: string | undefined
}

export async function startRedis({
  durable = false,
  args = [],
  program = findProgram('redis-server') ?? '',
}: RedisServiceOptions = {}): Promise<RedisService> {
  const port = await freePort()
  const directory = durable ? await mkdtemp(join(tmpdir(), 'holdfast-redis-')) : tmpdir()
  const files = durable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '']
  // A replica that joins is served at once: others to come along are not waited for.
  place.push('--repl-diskless-sync-delay', '0')
  const open = (): Promise<ChildProcess> =>
    startService(program, [...place, ...files, ...args], /Ready to accept connections/)
  let server = await open()
  return {
    port,
    get process() {
      return server
    },
    kill: () => stopService(server, 'SIGKILL'),
    start: async () => {
      server = await open()
    },
    dispose: async () => {
      await stopService(server, 'SIGKILL')
      if (durable) await rm(directory, { recursive: true, force: true })
    },
  }
}

/** A client as an application has it, and what closes it. */
export interface Connected {
  readonly client: BinaryRedisLike
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
  iovalkey: async (port) => {
    const client = new Valkey({ port, lazyConnect: true })
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

/** Of clients, those that conformance is tested with: on another server than the one that is installed, the first of them, for the clients are the same. */
export function testedClients<Client>(all: Readonly<Record<string, Client>>): [string, Client][] {
  return Object.entries(all).slice(0, process.env.HOLDFAST_REDIS_SERVER === undefined ? undefined : 1)
}

/** Runs a script without keys. */
export async function evaluateOn({ client }: Connected, script: string): Promise<unknown> {
  return 'defineCommand' in client ? client.eval(script, 0) : client.eval(script, { keys: [], arguments: [] })
}

/** Makes everything under a prefix as old as if `ms` had passed. Servers have a clock that nobody can set. */
export async function letTimePass(connected: Connected, prefix: string, ms: number): Promise<void> {
  await evaluateOn(connected, agingScript(prefix, ms))
}
