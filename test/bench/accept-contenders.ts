import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../clients/service-process.ts'
import { startPostgres } from '../state/postgres-service.ts'
import { startRedis } from '../state/redis-service.ts'
import { type ServerProcess, startServer } from './server-process.ts'

type Environment = Readonly<Record<string, string>>

/** A server that answers webhooks, and how it is started: anew for each round, with nothing stored. */
export interface AcceptContender {
  readonly name: string
  /** Whether what it needs is installed. */
  readonly canRun: boolean
  /** `environment`: of every process that stores something. */
  readonly start: (environment: Environment) => Promise<ServerProcess>
}

/** Ours, as the rows are called. */
export const OURS = { alone: 'nodeHttpWebhooks', drained: 'nodeHttpWebhooks, drained' } as const
/** What ours is compared with. */
export const BARE = 'node:http'
export const BY_HAND = 'by hand'
export const QUEUES = { bullmq: 'BullMQ', pgBoss: 'pg-boss' } as const

/** Those that answer only for what is on the disk. */
export const durableContenders: readonly AcceptContender[] = [
  inThisProcess(BY_HAND, 'by hand'),
  inThisProcess(OURS.alone, 'nodeHttpWebhooks', 'idle'),
  inThisProcess(OURS.drained, 'nodeHttpWebhooks'),
  inThisProcess('with SQLite', 'with SQLite', 'idle'),
  inThisProcess('with SQLite, drained', 'with SQLite'),
  {
    name: QUEUES.bullmq,
    canRun: findProgram('redis-server') !== undefined,
    async start(environment) {
      const redis = await inEnvironment(environment, () => startRedis({ durable: true }))
      const server = await startServer('./accept-redis-server.ts', 'bullmq', String(redis.port))
      return stoppedWith(server, () => redis.dispose())
    },
  },
  {
    name: QUEUES.pgBoss,
    canRun: findProgram('initdb') !== undefined,
    async start(environment) {
      const postgres = await inEnvironment(environment, () => startPostgres({ durable: true }))
      const server = await startServer('./pg-boss-server.ts', String(postgres.port))
      return stoppedWith(server, () => postgres.dispose())
    },
  },
]

export const acceptContenders: readonly AcceptContender[] = [
  inThisProcess(BARE, 'node:http'),
  ...durableContenders,
  inThisProcess('express', 'express'),
  inThisProcess('expressWebhooks, drained', 'expressWebhooks'),
]

function inThisProcess(name: string, kind: string, mode: 'idle' | 'drained' = 'drained'): AcceptContender {
  return {
    name,
    canRun: true,
    async start(environment) {
      const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-accept-'))
      const server = await inEnvironment(environment, () => startServer('./accept-server.ts', kind, directory, mode))
      return stoppedWith(server, async () => rmSync(directory, { recursive: true, force: true }))
    },
  }
}

function stoppedWith(server: ServerProcess, dispose: () => Promise<void>): ServerProcess {
  return {
    port: server.port,
    report: () => server.report(),
    async stop() {
      await server.stop()
      await dispose()
    },
  }
}

/** Starts processes with variables in their environment. */
async function inEnvironment<Result>(environment: Environment, start: () => Promise<Result>): Promise<Result> {
  Object.assign(process.env, environment)
  try {
    return await start()
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name]
  }
}
