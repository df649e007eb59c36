import { UsageError } from './cli-io.ts'
import { installedOf, loadInstalled, notInstalled } from './installed-module.ts'

/** A client of a server, and what closes it. */
export interface ConnectedClient {
  readonly client: unknown
  readonly close: () => Promise<void>
}

interface EventSource {
  on(name: 'error', listener: () => void): void
}

type RedisClass = new (url: string, options: object) => EventSource & { connect(): Promise<void>; disconnect(): void }

type CreateClient = (options: object) => EventSource & { connect(): Promise<unknown>; destroy(): void }

type PoolClass = new (options: object) => EventSource & { query(text: string): Promise<unknown>; end(): Promise<void> }

type CreateSql = (
  url: string,
  options: object,
) => {
  unsafe(text: string): Promise<unknown>
  end(options: object): Promise<void>
}

/**
 * Connects to Redis with the client that the application has. Errors come with the calls that fail.
 *
 * @throws UsageError when there is no client, or no server.
 */
export async function connectRedis(url: string, directory: string): Promise<ConnectedClient> {
  const names = ['ioredis', 'iovalkey', 'redis'] as const
  const name = installedOf(names, directory)
  if (name === undefined) throw notInstalled(names)
  const { Redis, createClient } = await loadInstalled(name, directory)
  if (name === 'redis') {
    const client = (createClient as CreateClient)({ url, socket: { reconnectStrategy: false } })
    client.on('error', () => {})
    await reach('REDIS_URL', () => client.connect())
    return { client, close: async () => client.destroy() }
  }
  const client = new (Redis as RedisClass)(url, { lazyConnect: true, retryStrategy: () => null })
  client.on('error', () => {})
  await reach('REDIS_URL', () => client.connect())
  return { client, close: async () => client.disconnect() }
}

/**
 * The same for PostgreSQL.
 *
 * @throws UsageError when there is no client, or no server.
 */
export async function connectPostgres(url: string, directory: string): Promise<ConnectedClient> {
  const names = ['pg', 'postgres'] as const
  const name = installedOf(names, directory)
  if (name === undefined) throw notInstalled(names)
  const module = await loadInstalled(name, directory)
  if (name === 'pg') {
    const pool = new (module['Pool'] as PoolClass)({ connectionString: url })
    pool.on('error', () => {})
    await reach('DATABASE_URL', () => pool.query('select 1'))
    return { client: pool, close: () => pool.end() }
  }
  const sql = (module['default'] as CreateSql)(url, { onnotice: () => {} })
  await reach('DATABASE_URL', () => sql.unsafe('select 1'))
  return { client: sql, close: () => sql.end({ timeout: 1 }) }
}

async function reach(variable: string, connect: () => Promise<unknown>): Promise<void> {
  try {
    await connect()
  } catch (error) {
    // Not its message: the URL may have a password.
    const code = (error as { readonly code?: unknown } | null)?.code
    const why = typeof code === 'string' && /^[\w]{1,30}$/.test(code) ? ` (${code})` : ''
    throw new UsageError(`The server of $${variable} cannot be reached${why}.`)
  }
}
