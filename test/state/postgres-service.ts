import { type ChildProcess, execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import type { PostgresLike, SqlRow } from '@holdfast/adapters/postgres'
import { Pool } from 'pg'
import postgres from 'postgres'
import { asAccount, findProgram, freePort, startService, stopService } from '../clients/service-process.ts'

/** A server of its own that can be killed. */
export interface PostgresService {
  readonly port: number
  readonly process: ChildProcess
  kill(): Promise<void>
  /** Starts it again on the same port, with what it has on the disk. */
  start(): Promise<void>
  /** Kills it and removes its files. */
  dispose(): Promise<void>
}

/** How a server is started. */
export interface PostgresServiceOptions {
  /** Whether it syncs to the disk. */
  readonly durable?: boolean
  /** More settings. */
  readonly settings?: Readonly<Record<string, string>>
  /** Port of a server that it is a standby of. */
  readonly follows?: number
}

/** The user and the database of the servers. */
export const account = { user: 'holdfast', database: 'postgres', host: '127.0.0.1' }

export async function startPostgres(options: PostgresServiceOptions = {}): Promise<PostgresService> {
  const { durable = false, settings = {}, follows } = options
  // To test another version than the one that is installed.
  const programs = process.env.HOLDFAST_POSTGRES_PROGRAMS
  const programOf = (name: string): string =>
    programs === undefined ? (findProgram(name) ?? name) : join(programs, name)
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-postgres-'))
  const as = asAccount('postgres')
  const data = join(directory, 'data')
  chmodSync(directory, 0o755)
  if (as.uid !== undefined && as.gid !== undefined) chownSync(directory, as.uid, as.gid)
  const [program, ...making] =
    follows === undefined
      ? ['initdb', '-U', account.user, '-A', 'trust', '-E', 'UTF8', '--no-sync', '-D', data]
      : ['pg_basebackup', '-U', account.user, '-h', account.host, '-p', String(follows), '-R', '-c', 'fast', '-D', data]
  execFileSync(programOf(program as string), making, { ...as, stdio: 'pipe', cwd: directory })
  const port = await freePort()
  const all = {
    port: String(port),
    listen_addresses: account.host,
    unix_socket_directories: '',
    deadlock_timeout: '50ms',
    ...(durable ? {} : { fsync: 'off' }),
    ...settings,
  }
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const open = (): Promise<ChildProcess> =>
    startService(programOf('postgres'), ['-D', data, ...args], /ready to accept (?:read-only )?connections/, {
      ...as,
      cwd: directory,
    })
  let server = await open()
  return {
    port,
    get process() {
      return server
    },
    async kill() {
      const children = childrenOf(server.pid)
      await stopService(server, 'SIGKILL')
      // They would go on for a while without the first one, and it cannot begin again before they have ended.
      for (let tries = 0; tries < 200 && children.filter(kill).length > 0; tries++) await sleep(5)
    },
    start: async () => {
      server = await open()
    },
    dispose: async () => {
      await stopService(server, 'SIGQUIT')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Processes of a process, where the system says so. */
function childrenOf(pid = 0): number[] {
  const list = `/proc/${pid}/task/${pid}/children`
  return existsSync(list) ? readFileSync(list, 'utf8').trim().split(' ').filter(Boolean).map(Number) : []
}

/** Whether the process was still there. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

/** Of ways to connect, those that are tested: on another version than the one that is installed, the first of them, for the clients are the same. */
export function testedWays<Way>(ways: Readonly<Record<string, Way>>): [string, Way][] {
  return Object.entries(ways).slice(0, process.env.HOLDFAST_POSTGRES_PROGRAMS === undefined ? undefined : 1)
}

/** A client as an application has it, and what closes it. */
export interface Connected {
  readonly client: PostgresLike
  readonly query: (text: string) => Promise<readonly SqlRow[]>
  readonly close: () => Promise<void>
}

/** Connects with each of the clients that speak to a server. */
export const clients: Readonly<Record<string, (port: number, max?: number) => Promise<Connected>>> = {
  pg: async (port, max = 10) => {
    const pool = new Pool({ ...account, port, max })
    // A connection that breaks while idle must not end the process.
    pool.on('error', () => {})
    return {
      client: pool,
      query: async (text) => (await pool.query<SqlRow>(text)).rows,
      close: () => pool.end(),
    }
  },
  // Columns come back as `endsAt`, as many applications have it; pg leaves them alone.
  'postgres.js': (port, max) => connectPostgresJs(port, max, { transform: postgres.camel }),
}

/** Connects with postgres.js, which leaves columns alone without more options. */
export async function connectPostgresJs(
  port: number,
  max = 10,
  more: { readonly transform?: typeof postgres.camel } = {},
): Promise<Connected> {
  const sql = postgres({ ...account, port, max, onnotice: () => {}, ...more })
  return {
    client: sql,
    query: async (text) => sql.unsafe(text),
    close: () => sql.end({ timeout: 1 }),
  }
}

/** A database in this process. */
export async function openPglite(): Promise<Connected> {
  const pglite = await PGlite.create()
  return {
    client: pglite,
    query: async (text) => (await pglite.query<SqlRow>(text)).rows,
    close: () => pglite.close(),
  }
}
